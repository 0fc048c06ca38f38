"""Documents that customers add: the bank's people fetch them, once a scanner has let them pass."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from prometheus_client import REGISTRY
from typer.testing import CliRunner

from deploy.local.mailbox import running as mailbox
from evenhand.__main__ import build
from services.notifier.domain import Language
from services.notifier.forgetting import forget, forget_documents
from services.notifier.messages import catalogue
from services.notifier.status_page import documents
from services.notifier.status_page.clamd import Clamd, Clean, Found, NoAnswer
from services.notifier.status_page.texts.load import load
from services.notifier.status_page.uploads import Document, Refusal
from shared.postgres import Pool
from tests.integration import intake_service
from tests.integration.clamd_service import FOUND, HARMFUL, Scanner, scanner
from tests.integration.conftest import Database
from tests.integration.intake_service import new_key
from tests.integration.notifier_service import until
from tests.integration.status_page_service import Running, Story, page
from tests.integration.test_status_page import PNG, form_of

EN = load(Language.EN)
BAD = PNG + HARMFUL


@pytest.fixture
async def clamd() -> AsyncIterator[Scanner]:
    async with scanner() as made:
        yield made


def _scanning(clamd: Scanner) -> dict[str, object]:
    return {"clamd_host": "127.0.0.1", "clamd_port": clamd.port, "clamd_timeout": 5}


async def _add(
    service: Running, case_id: UUID, data: bytes = PNG, name: str = "receipt.png"
) -> httpx.Response:
    path = service.path(case_id)
    html = (await service.client.get(path)).text
    return await service.client.post(
        f"{path}/documents",
        data={"form": form_of(html, "documents")},
        files={"document": (name, data, "image/png")},
    )


async def _opened(service: Running, case_id: UUID | None = None) -> UUID:
    story = Story(case_id or uuid4())
    await service.happen(story.opened())
    return story.id


async def _states(service: Running) -> list[str]:
    rows = await service.notifier.pool.fetch("SELECT state FROM documents ORDER BY added_at")
    return [row["state"] for row in rows]


async def _are(service: Running, *states: str) -> None:
    async def so() -> bool:
        return await _states(service) == list(states)

    await until(so)


def _as(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_staff_list_and_fetch_a_document_and_it_is_written_down_who_did(
    database: Database,
) -> None:
    async with page(database) as service:
        case_id = await _opened(service)
        assert (await _add(service, case_id, name="résumé <1>.png")).status_code == 303
        key = await new_key(database, "staff", name="P-12")
        path = f"/v1/cases/{case_id}/documents"
        (found,) = (await service.client.get(path, headers=_as(key))).json()["documents"]
        assert found["state"] == "kept"
        assert found["sha256"] == hashlib.sha256(PNG).hexdigest()
        assert found["fetched"] == []
        got = await service.client.get(f"{path}/{found['document_id']}", headers=_as(key))
        assert got.content == PNG
        assert got.headers["content-length"] == str(len(PNG))
        assert got.headers["content-type"] == "image/png"
        assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''r%C3")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert got.headers["cache-control"] == "no-store"
        (found,) = (await service.client.get(path, headers=_as(key))).json()["documents"]
        assert [each["by"] for each in found["fetched"]] == ["P-12"]


async def test_a_large_document_comes_whole_and_in_pieces(database: Database) -> None:
    async with page(database) as service:
        case_id = await _opened(service)
        data = PNG + bytes(range(256)) * 4096
        await _add(service, case_id, data)
        key = await new_key(database, "auditor")
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        async with service.client.stream(
            "GET", f"/v1/cases/{case_id}/documents/{row['id']}", headers=_as(key)
        ) as answer:
            pieces = [piece async for piece in answer.aiter_raw()]
    assert b"".join(pieces) == data
    assert len(pieces) > 1


async def test_nobody_fetches_a_document_without_a_key_that_may_nor_one_of_another_case(
    database: Database,
) -> None:
    async with page(database) as service:
        case_id, other = await _opened(service), await _opened(service)
        await _add(service, case_id)
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        mine, theirs = (f"/v1/cases/{one}/documents" for one in (case_id, other))
        bank, staff = await new_key(database, "bank"), await new_key(database, "staff")
        for path in (mine, f"{mine}/{row['id']}"):
            assert (await service.client.get(path)).status_code == 401
            assert (await service.client.get(path, headers=_as(bank))).status_code == 403
        for path in (f"{theirs}/{row['id']}", f"{mine}/{other}", f"{mine}/x"):
            assert (await service.client.get(path, headers=_as(staff))).status_code == 404
        assert await service.notifier.pool.fetchval("SELECT count(*) FROM document_fetches") == 0


async def test_the_desk_reads_in_the_case_that_a_document_has_come(
    database: Database, clamd: Scanner
) -> None:
    async with intake_service.running(database) as intake:
        answer = await intake.client.post(
            "/v1/cases",
            json={"customer": {"id": "C-77"}, "channel": "web", "text": "Please help."},
            headers={"Idempotency-Key": str(uuid4())},
        )
        case_id = UUID(answer.json()["case_id"])
        url = f"http://127.0.0.1:{intake.port}"
        async with page(
            database, intake_url=url, intake_key=intake.key, more=_scanning(clamd)
        ) as service:
            await _opened(service, case_id)
            clamd.instead = b"stream: busy ERROR\0"
            await _add(service, case_id)

            async def asked() -> bool:
                pool = service.notifier.pool
                return bool(await pool.fetchval("SELECT max(attempts) FROM documents"))

            await until(asked)
            shown = (await intake.client.get(f"/v1/cases/{case_id}")).json()
            assert len(shown["messages"]) == 1  # nobody is told of what nobody can fetch
            clamd.instead = None
            await service.notifier.pool.execute(
                "UPDATE documents SET scan_at = now() WHERE state = 'quarantined'"
            )
            await _are(service, "kept")

            async def told() -> bool:
                shown = (await intake.client.get(f"/v1/cases/{case_id}")).json()
                texts = [message["text"] for message in shown["messages"]]
                return texts[1:] == [EN.document.message.format(name="receipt.png")]

            await until(told)


async def test_until_it_is_scanned_a_document_is_in_nobodys_hands(database: Database) -> None:
    more = {"clamd_host": "127.0.0.1", "clamd_port": 1, "clamd_timeout": 1}  # nobody is there
    async with page(database, more=more) as service:
        case_id = await _opened(service)
        answer = await _add(service, case_id)
        shown = (await service.client.get(answer.headers["location"])).text
        assert EN.said["checking"] in shown
        assert EN.document.states["quarantined"] in shown
        (row,) = await service.notifier.pool.fetch("SELECT id, said FROM documents")
        assert f"/documents/{row['id']}" not in shown
        own = await service.client.get(f"{service.path(case_id)}/documents/{row['id']}")
        assert own.status_code == 404
        key = await new_key(database, "staff")
        path = f"/v1/cases/{case_id}/documents/{row['id']}"
        assert (await service.client.get(path, headers=_as(key))).status_code == 404
        assert await _states(service) == ["quarantined"]
        assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 0


async def test_a_clean_document_is_let_out_once_and_shown(
    database: Database, clamd: Scanner
) -> None:
    async with page(database, more=_scanning(clamd)) as service:
        case_id = await _opened(service)
        await _add(service, case_id)
        await _are(service, "kept")
        assert clamd.scanned == [PNG]
        again = await _add(service, case_id)
        assert "said=document" in again.headers["location"]
        html = (await service.client.get(service.path(case_id))).text
        assert EN.document.states["quarantined"] not in html
        assert EN.happened.document.format(name="receipt.png") in html
        assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 1


async def test_a_harmful_document_is_removed_and_its_customer_told_plainly(
    database: Database, clamd: Scanner
) -> None:
    catcher = await mailbox.start()
    try:
        async with page(database, more=_scanning(clamd), smtp_port=catcher.smtp_port) as service:
            case_id = await _opened(service)
            await _add(service, case_id, BAD, "statement.png")
            await _are(service, "refused")
            await service.notifier.settled(2)
            html = (await service.client.get(service.path(case_id))).text
            assert EN.document.states["refused"] in html
            again = await _add(service, case_id, BAD, "another.png")
            assert again.status_code == 422
            assert EN.document.refusals[Refusal.HARMFUL] in again.text
            key = await new_key(database, "auditor")
            listed = await service.client.get(f"/v1/cases/{case_id}/documents", headers=_as(key))
            (found,) = listed.json()["documents"]
            assert (found["state"], found["finding"]) == ("refused", FOUND)
            content = await service.notifier.pool.fetchval("SELECT content FROM documents")
            assert content == b""
            assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 0
    finally:
        await catcher.stop()
    letters = [
        message_from_bytes(catcher.mailbox.raw(one), policy=policy.default)
        for one in catcher.mailbox.since(0, 10)
    ]
    texts = catalogue.load()[Language.EN].document_refused
    (letter,) = [one for one in letters if one["subject"] == texts.subject]
    body = letter.get_body(("plain",))
    assert body is not None
    assert "statement.png" in body.get_content()


async def test_of_two_scanners_one_takes_a_document(database: Database, clamd: Scanner) -> None:
    async with (
        page(database, more=_scanning(clamd)) as first,
        page(database, more=_scanning(clamd)),
    ):
        case_id = await _opened(first)
        for number in range(6):
            await _add(first, case_id, PNG + bytes([number]))
        await _are(first, *["kept"] * 6)
    assert sorted(clamd.scanned) == [PNG + bytes([number]) for number in range(6)]


async def test_a_document_in_one_hand_is_not_taken_by_another(database: Database) -> None:
    async with page(database, intake_key=None) as service:
        pool, case_id = service.notifier.pool, uuid4()
        for number in range(2):
            file = Document("a.png", "image/png", PNG + bytes([number]))
            await documents.add(pool, uuid4(), case_id, file, "Added.", scan=True)
        hold = timedelta(minutes=1)
        async with pool.acquire() as first, first.transaction(), pool.acquire() as second:
            one = await documents.claim(first, hold)
            async with asyncio.timeout(5):
                other = await documents.claim(second, hold)
            assert one is not None
            assert other is not None
            assert one.id != other.id
            assert await documents.claim(second, hold) is None
            # What was settled meanwhile is not settled again.
            assert await documents.release(second, other)
            assert not await documents.release(second, other)
            assert not await documents.refuse(second, other, FOUND)
        assert sorted(await _states(service)) == ["kept", "quarantined"]


async def test_how_long_documents_wait_is_measured_also_where_there_is_no_scanner(
    database: Database,
) -> None:
    async with page(database, intake_key=None) as service:
        pool = service.notifier.pool
        async with pool.acquire() as connection:
            assert await documents.quarantine(connection) == documents.Quarantine(0, 0.0)
        for number, scan in enumerate((True, True, False)):
            file = Document("a.png", "image/png", PNG + bytes([number]))
            await documents.add(pool, uuid4(), uuid4(), file, "Added.", scan=scan)
        # One of them, and the one that waits for nobody, since the day before yesterday.
        await pool.execute(
            """
            UPDATE documents SET added_at = now() - interval '2 days'
             WHERE state = 'kept' OR id = (SELECT min(id::text)::uuid FROM documents
                                            WHERE state = 'quarantined')
            """
        )
    async with page(database, intake_key=None):
        await until(lambda: _measured(2, timedelta(days=2)))


async def _measured(number: int, oldest: timedelta) -> bool:
    waited = REGISTRY.get_sample_value("evenhand_documents_quarantined_seconds") or 0.0
    count = REGISTRY.get_sample_value("evenhand_documents_quarantined")
    return count == number and 0 <= waited - oldest.total_seconds() < 3600.0


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (b"stream: OK but late\0", "stream: OK but late"),
        (b"INSTREAM size limit exceeded. ERROR\0", "INSTREAM size limit exceeded. ERROR"),
        (b"", "an empty answer"),
        (b"\xff\0", "\N{REPLACEMENT CHARACTER}"),
        (b"x" * 5000, "x" * 100),
    ],
)
async def test_what_is_neither_clean_nor_found_leaves_the_question_open(
    clamd: Scanner, instead: bytes, why: str
) -> None:
    clamd.instead = instead
    assert await Clamd("127.0.0.1", clamd.port).scan(PNG) == NoAnswer(why)


async def test_the_scanner_reads_every_byte_of_what_it_judges(clamd: Scanner) -> None:
    client = Clamd("127.0.0.1", clamd.port)
    large = bytes(8 * 1024 * 1024 - len(HARMFUL)) + HARMFUL
    assert await client.scan(large) == Found(FOUND)
    assert await client.scan(b"") == Clean()
    assert isinstance(await client.scan(bytes(10 * 1024 * 1024)), NoAnswer)  # above its limit


async def test_a_scanner_that_says_nothing_is_not_waited_for_for_ever() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other side gives up
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await Clamd("127.0.0.1", port, patience=0.2).scan(PNG) == NoAnswer("TimeoutError")


async def test_documents_and_who_fetched_them_are_forgotten_with_their_case(
    database: Database,
) -> None:
    async with page(database) as service:
        story = Story(uuid4())
        await service.happen(story.opened(), story.decided())
        await _add(service, story.id)
        key = await new_key(database, "staff")
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        await service.client.get(f"/v1/cases/{story.id}/documents/{row['id']}", headers=_as(key))
        pool = service.notifier.pool
        await _age(pool, story.id)
        async with pool.acquire() as connection, connection.transaction():
            await forget(connection, UUID(int=0), timedelta(days=30))
        for table in ("documents", "document_fetches", "recipients"):
            assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - ours


async def test_documents_of_closed_cases_may_go_before_their_cases(database: Database) -> None:
    async with page(database) as service:
        closed, young, still_open = [await _opened(service) for _ in range(3)]
        for case_id in (closed, young, still_open):
            await _add(service, case_id)
        pool = service.notifier.pool
        for case_id, days in ((closed, 8), (young, 6)):
            await pool.execute(
                "UPDATE recipients SET closed_at = now() - $2::interval WHERE case_id = $1",
                case_id,
                timedelta(days=days),
            )
        async with pool.acquire() as connection, connection.transaction():
            await forget_documents(connection, timedelta(days=7))
        rows = await pool.fetch("SELECT case_id FROM documents")
        assert {row["case_id"] for row in rows} == {young, still_open}
        html = (await service.client.get(service.path(closed))).text
        assert EN.happened.document.format(name="…") in html


_TABLES = ("recipients", "notices", "happenings", "documents", "document_fetches")


async def _age(pool: Pool, case_id: UUID) -> None:
    """Let a case be long over: its id, and all that has happened in it."""
    for table in _TABLES:
        await pool.execute(
            f"UPDATE {table} SET case_id = $1 WHERE case_id = $2",  # noqa: S608 - ours
            UUID(int=1),
            case_id,
        )
    for change in (
        "UPDATE notices SET queued_at = 'epoch', outcome = 'sent', settled_at = now()",
        "UPDATE happenings SET at = 'epoch'",
        "UPDATE documents SET added_at = 'epoch'",
        "DELETE FROM replies",
    ):
        await pool.execute(change)


async def _command(words: Sequence[str], **environment: str) -> tuple[int, str]:
    def run() -> tuple[int, str]:
        done = CliRunner(env=environment).invoke(build([words[0]]), words)
        return done.exit_code, done.stdout if done.exit_code == 0 else str(done.exception)

    return await asyncio.to_thread(run)


async def test_the_desk_saves_documents_under_its_key_and_writes_over_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with page(database) as service:
        case_id = await _opened(service)
        await _add(service, case_id)
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        reach = {
            "EVENHAND_NOTIFIER_URL": service.url,
            "EVENHAND_API_KEY": await new_key(database, "staff", "clerk", name="P-12"),
        }
        words = ("desk", "documents", str(case_id))
        assert "receipt.png" in (await _command(words, **reach))[1]
        folder = tmp_path / "case"
        target = folder / f"{str(row['id'])[:8]}-receipt.png"
        for _ in range(2):  # what is there already is the same
            code, told = await _command((*words, "--save", str(folder), "--json"), **reach)
            assert code == 0
            (saved,) = json.loads(told)["saved"]
            assert saved == str(target)
            assert target.read_bytes() == PNG
        target.write_bytes(b"mine")
        code, told = await _command((*words, "--save", str(folder)), **reach)
        assert code == 1
        assert "another file" in told
        assert target.read_bytes() == b"mine"
        code, told = await _command(("desk", "documents", str(uuid4())), **reach)
        assert code == 1
        assert "404" in told
        empty = str(await _opened(service))
        assert "no documents" in (await _command(("desk", "documents", empty), **reach))[1]
        count = await service.notifier.pool.fetchval(
            "SELECT count(*) FROM document_fetches WHERE fetched_by = 'P-12'"
        )
        assert count == 3


async def test_erasing_a_case_erases_its_page_messages_and_documents(database: Database) -> None:
    async with page(database) as service:
        case_id, other = await _opened(service), await _opened(service)
        for one in (case_id, other):
            await _add(service, one)
        admin = await asyncpg.connect(database.admin)
        await admin.execute(
            "INSERT INTO decision.cases (case_id, customer_id, state, sequence, received_at,"
            " waiting) VALUES ($1, 'C-77', 'decided', 0, now(), false)",
            case_id,
        )
        await admin.close()
        words = ("log", "erase", "--case", str(case_id))
        code, told = await _command(words, EVENHAND_ADMIN_DATABASE_URL=database.admin)
        assert code == 0, told
        for table in ("recipients", "notices", "happenings", "documents", "replies"):
            rows = await service.notifier.pool.fetch(f"SELECT case_id FROM {table}")  # noqa: S608 - ours
            assert {row["case_id"] for row in rows} == {other}
        left = await service.notifier.pool.fetchval(
            "SELECT count(*) FROM queue q LEFT JOIN notices n ON n.id = q.notice_id"
            " WHERE n.id IS NULL"
        )
        assert left == 0
