"""The bank's people fetch the documents of a case under their keys, and it is written down."""

import hashlib
import json
from pathlib import Path
from uuid import uuid4

from tests.integration.conftest import Database
from tests.integration.intake_service import new_key
from tests.integration.status_page.command_line import command
from tests.integration.status_page.documents import PNG, add, bearer
from tests.integration.status_page_service import page


async def test_staff_list_and_fetch_a_document_and_it_is_written_down_who_did(
    database: Database,
) -> None:
    async with page(database) as service:
        case_id = (await service.begin()).id
        assert (await add(service, case_id, name="résumé <1>.png")).status_code == 303
        key = await new_key(database, "staff", name="P-12")
        path = f"/v1/cases/{case_id}/documents"
        (found,) = (await service.client.get(path, headers=bearer(key))).json()["documents"]
        assert found["state"] == "kept"
        assert found["sha256"] == hashlib.sha256(PNG).hexdigest()
        assert found["fetched"] == []
        got = await service.client.get(f"{path}/{found['document_id']}", headers=bearer(key))
        assert got.content == PNG
        assert got.headers["content-length"] == str(len(PNG))
        assert got.headers["content-type"] == "image/png"
        assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''r%C3")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert got.headers["cache-control"] == "no-store"
        (found,) = (await service.client.get(path, headers=bearer(key))).json()["documents"]
        assert [each["by"] for each in found["fetched"]] == ["P-12"]


async def test_a_large_document_comes_whole_and_in_pieces(database: Database) -> None:
    async with page(database) as service:
        case_id = (await service.begin()).id
        data = PNG + bytes(range(256)) * 4096
        await add(service, case_id, data)
        key = await new_key(database, "auditor")
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        async with service.client.stream(
            "GET", f"/v1/cases/{case_id}/documents/{row['id']}", headers=bearer(key)
        ) as answer:
            pieces = [piece async for piece in answer.aiter_raw()]
    assert b"".join(pieces) == data
    assert len(pieces) > 1


async def test_nobody_fetches_a_document_without_a_key_that_may_nor_one_of_another_case(
    database: Database,
) -> None:
    async with page(database) as service:
        case_id, other = [(await service.begin()).id for _ in range(2)]
        await add(service, case_id)
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        mine, theirs = (f"/v1/cases/{one}/documents" for one in (case_id, other))
        bank, staff = await new_key(database, "bank"), await new_key(database, "staff")
        for path in (mine, f"{mine}/{row['id']}"):
            assert (await service.client.get(path)).status_code == 401
            assert (await service.client.get(path, headers=bearer(bank))).status_code == 403
        for path in (f"{theirs}/{row['id']}", f"{mine}/{other}", f"{mine}/x"):
            assert (await service.client.get(path, headers=bearer(staff))).status_code == 404
        assert await service.notifier.pool.fetchval("SELECT count(*) FROM document_fetches") == 0


async def test_the_desk_saves_documents_under_its_key_and_writes_over_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with page(database) as service:
        case_id = (await service.begin()).id
        await add(service, case_id)
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        reach = {
            "EVENHAND_NOTIFIER_URL": service.url,
            "EVENHAND_API_KEY": await new_key(database, "staff", "clerk", name="P-12"),
        }
        words = ("desk", "documents", str(case_id))
        assert "receipt.png" in (await command(words, **reach))[1]
        folder = tmp_path / "case"
        target = folder / f"{str(row['id'])[:8]}-receipt.png"
        for _ in range(2):  # what is there already is the same
            code, told = await command((*words, "--save", str(folder), "--json"), **reach)
            assert code == 0
            (saved,) = json.loads(told)["saved"]
            assert saved == str(target)
            assert target.read_bytes() == PNG
        target.write_bytes(b"mine")
        code, told = await command((*words, "--save", str(folder)), **reach)
        assert code == 1
        assert "another file" in told
        assert target.read_bytes() == b"mine"
        code, told = await command(("desk", "documents", str(uuid4())), **reach)
        assert code == 1
        assert "404" in told
        empty = str((await service.begin()).id)
        assert "no documents" in (await command(("desk", "documents", empty), **reach))[1]
        count = await service.notifier.pool.fetchval(
            "SELECT count(*) FROM document_fetches WHERE fetched_by = 'P-12'"
        )
        assert count == 3
