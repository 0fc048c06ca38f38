"""A document that a customer adds is kept and only ever downloaded, or refused with the reason."""

import re
from urllib.parse import quote
from uuid import uuid4

import pytest

from services.notifier.status_page.uploads import Refusal
from tests.integration.status_page.documents import PNG, add
from tests.integration.status_page_service import EN, Running


async def test_a_document_is_kept_told_of_and_only_ever_downloaded(service: Running) -> None:
    story = await service.begin()
    path = service.path(story.id)
    answer = await add(service, story.id, name="../../ein Beleg\u202egnp.png")
    assert answer.status_code == 303
    html = (await service.client.get(path)).text
    found = re.search(r'href="([^"]+/documents/[^"]+)" download><bdi>([^<]+)', html)
    assert found
    assert found[2] == "ein Beleg gnp.png"
    got = await service.client.get(found[1])
    assert got.content == PNG
    assert got.headers["content-disposition"] == (
        f"attachment; filename*=UTF-8''{quote('ein Beleg gnp.png')}"
    )
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    body = await service.notifier.pool.fetchval("SELECT body FROM replies")
    assert body == EN.document.message.format(name="ein Beleg gnp.png")
    # Not through another case's link.
    other = await service.client.get(found[1].replace(path, service.path(uuid4())))
    assert other.status_code == 404
    # The same once more is the same.
    await add(service, story.id, name="again.png")
    assert await service.notifier.pool.fetchval("SELECT count(*) FROM documents") == 1


@pytest.mark.parametrize(
    ("name", "data", "media_type", "told"),
    [
        ("a.pdf", b"MZ\x90\x00 a program", "application/pdf", EN.document.refusals[Refusal.KIND]),
        ("a.pdf", PNG, "application/pdf", EN.document.refusals[Refusal.DIFFERS]),
        ("a.png", PNG, "text/html", EN.document.refusals[Refusal.DIFFERS]),
        ("a.html", b"<html><script>", "text/html", EN.document.refusals[Refusal.KIND]),
        ("a.svg", b"<svg onload=x>", "image/svg+xml", EN.document.refusals[Refusal.KIND]),
        ("a.png", b"", "image/png", EN.document.refusals[Refusal.EMPTY]),
        ("a.png", PNG + bytes(8 * 1024 * 1024), "image/png", EN.document.too_large.format(size=8)),
    ],
)
async def test_an_upload_that_lies_or_is_too_large_is_refused_with_the_reason(
    service: Running, name: str, data: bytes, media_type: str, told: str
) -> None:
    story = await service.begin()
    answer = await add(service, story.id, data, name, media_type)
    assert answer.status_code == 422
    assert told in answer.text
    assert await service.notifier.pool.fetchval("SELECT count(*) FROM documents") == 0


async def test_a_case_has_room_for_so_many_documents_and_no_more(service: Running) -> None:
    story = await service.begin()
    await service.notifier.pool.execute(
        "INSERT INTO documents (id, case_id, name, media_type, size, sha256, content)"
        " SELECT gen_random_uuid(), $1, 'a.png', 'image/png', 1, n::text::bytea, ''"
        " FROM generate_series(1, 20) n",
        story.id,
    )
    answer = await add(service, story.id, name="a.png")
    assert EN.document.refusals[Refusal.TOO_MANY] in answer.text
