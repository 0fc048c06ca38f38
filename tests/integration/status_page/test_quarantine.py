"""Until a scanner has let a document pass it is in nobody's hands; a harmful one is removed."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from prometheus_client import REGISTRY

from deploy.local.mailbox.running import MailCatcher
from services.notifier.domain import Language
from services.notifier.messages import catalogue
from services.notifier.status_page import documents
from services.notifier.status_page.uploads import Document, Refusal
from tests.integration.clamd_service import FOUND, HARMFUL, Scanner
from tests.integration.conftest import Database
from tests.integration.intake_service import new_key
from tests.integration.letters import letters_of
from tests.integration.notifier_service import until
from tests.integration.status_page.documents import PNG, add, are, bearer, scanning, states
from tests.integration.status_page.replies import together
from tests.integration.status_page_service import EN, page


async def test_the_desk_reads_in_the_case_that_a_document_has_come(
    database: Database, clamd: Scanner
) -> None:
    async with together(database, more=scanning(clamd)) as both:
        service = both.service
        await service.begin(both.case_id)
        clamd.instead = b"stream: busy ERROR\0"
        await add(service, both.case_id)

        async def asked() -> bool:
            pool = service.notifier.pool
            return bool(await pool.fetchval("SELECT max(attempts) FROM documents"))

        await until(asked)
        assert len(await both.texts()) == 1  # nobody is told of what nobody can fetch
        clamd.instead = None
        await service.notifier.pool.execute(
            "UPDATE documents SET scan_at = now() WHERE state = 'quarantined'"
        )
        await are(service, "kept")

        async def told() -> bool:
            texts = await both.texts()
            return texts[1:] == [EN.document.message.format(name="receipt.png")]

        await until(told)


async def test_until_it_is_scanned_a_document_is_in_nobodys_hands(database: Database) -> None:
    more = {"clamd_host": "127.0.0.1", "clamd_port": 1, "clamd_timeout": 1}  # nobody is there
    async with page(database, more=more) as service:
        case_id = (await service.begin()).id
        answer = await add(service, case_id)
        shown = (await service.client.get(answer.headers["location"])).text
        assert EN.said["checking"] in shown
        assert EN.document.states["quarantined"] in shown
        (row,) = await service.notifier.pool.fetch("SELECT id, said FROM documents")
        assert f"/documents/{row['id']}" not in shown
        own = await service.client.get(f"{service.path(case_id)}/documents/{row['id']}")
        assert own.status_code == 404
        key = await new_key(database, "staff")
        path = f"/v1/cases/{case_id}/documents/{row['id']}"
        assert (await service.client.get(path, headers=bearer(key))).status_code == 404
        assert await states(service) == ["quarantined"]
        assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 0


async def test_a_clean_document_is_let_out_once_and_shown(
    database: Database, clamd: Scanner
) -> None:
    async with page(database, more=scanning(clamd)) as service:
        case_id = (await service.begin()).id
        await add(service, case_id)
        await are(service, "kept")
        assert clamd.scanned == [PNG]
        again = await add(service, case_id)
        assert "said=document" in again.headers["location"]
        html = await service.html(case_id)
        assert EN.document.states["quarantined"] not in html
        assert EN.happened.document.format(name="receipt.png") in html
        assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 1


async def test_a_harmful_document_is_removed_and_its_customer_told_plainly(
    database: Database, clamd: Scanner, catcher: MailCatcher
) -> None:
    async with page(database, more=scanning(clamd), smtp_port=catcher.smtp_port) as service:
        case_id = (await service.begin()).id
        await add(service, case_id, PNG + HARMFUL, "statement.png")
        await are(service, "refused")
        await service.notifier.settled(2)
        html = await service.html(case_id)
        assert EN.document.states["refused"] in html
        again = await add(service, case_id, PNG + HARMFUL, "another.png")
        assert again.status_code == 422
        assert EN.document.refusals[Refusal.HARMFUL] in again.text
        key = await new_key(database, "auditor")
        listed = await service.client.get(f"/v1/cases/{case_id}/documents", headers=bearer(key))
        (found,) = listed.json()["documents"]
        assert (found["state"], found["finding"]) == ("refused", FOUND)
        content = await service.notifier.pool.fetchval("SELECT content FROM documents")
        assert content == b""
        assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 0
    texts = catalogue.load()[Language.EN].document_refused
    (letter,) = [one for one in letters_of(catcher) if one["subject"] == texts.subject]
    body = letter.get_body(("plain",))
    assert body is not None
    assert "statement.png" in body.get_content()


async def test_of_two_scanners_one_takes_a_document(database: Database, clamd: Scanner) -> None:
    async with (
        page(database, more=scanning(clamd)) as first,
        page(database, more=scanning(clamd)),
    ):
        case_id = (await first.begin()).id
        for number in range(6):
            await add(first, case_id, PNG + bytes([number]))
        await are(first, *["kept"] * 6)
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
        assert sorted(await states(service)) == ["kept", "quarantined"]


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
