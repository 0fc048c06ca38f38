"""Documents go with their case, and may go before it."""

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg

from services.notifier.forgetting import forget, forget_documents
from shared.postgres import Pool
from tests.integration.conftest import Database
from tests.integration.intake_service import new_key
from tests.integration.status_page.command_line import command
from tests.integration.status_page.documents import add, bearer
from tests.integration.status_page_service import EN, Story, page


async def test_documents_and_who_fetched_them_are_forgotten_with_their_case(
    database: Database,
) -> None:
    async with page(database) as service:
        story = Story(uuid4())
        await service.happen(story.opened(), story.decided())
        await add(service, story.id)
        key = await new_key(database, "staff")
        (row,) = await service.notifier.pool.fetch("SELECT id FROM documents")
        await service.client.get(f"/v1/cases/{story.id}/documents/{row['id']}", headers=bearer(key))
        pool = service.notifier.pool
        await _age(pool, story.id)
        async with pool.acquire() as connection, connection.transaction():
            await forget(connection, UUID(int=0), timedelta(days=30))
        for table in ("documents", "document_fetches", "recipients"):
            assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - ours


async def test_documents_of_closed_cases_may_go_before_their_cases(database: Database) -> None:
    async with page(database) as service:
        closed, young, still_open = [(await service.begin()).id for _ in range(3)]
        for case_id in (closed, young, still_open):
            await add(service, case_id)
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
        html = await service.html(closed)
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


async def test_erasing_a_case_erases_its_page_messages_and_documents(database: Database) -> None:
    async with page(database) as service:
        case_id, other = [(await service.begin()).id for _ in range(2)]
        for one in (case_id, other):
            await add(service, one)
        admin = await asyncpg.connect(database.admin)
        await admin.execute(
            "INSERT INTO decision.cases (case_id, customer_id, state, sequence, received_at,"
            " waiting) VALUES ($1, 'C-77', 'decided', 0, now(), false)",
            case_id,
        )
        await admin.close()
        words = ("log", "erase", "--case", str(case_id))
        code, told = await command(words, EVENHAND_ADMIN_DATABASE_URL=database.admin)
        assert code == 0, told
        for table in ("recipients", "notices", "happenings", "documents", "replies"):
            rows = await service.notifier.pool.fetch(f"SELECT case_id FROM {table}")  # noqa: S608 - ours
            assert {row["case_id"] for row in rows} == {other}
        left = await service.notifier.pool.fetchval(
            "SELECT count(*) FROM queue q LEFT JOIN notices n ON n.id = q.notice_id"
            " WHERE n.id IS NULL"
        )
        assert left == 0
