"""A message that was lost on its way is published again, and no other."""

from datetime import timedelta
from uuid import UUID

from opentelemetry.sdk.trace import TracerProvider

from services.intake.reconcile import sweep
from shared.events.catalogue import CaseSubmitted
from tests.integration.intake.projecting import project, story_of, submit
from tests.integration.intake_service import Running

AFTER = timedelta(seconds=30)


async def _age(intake: Running, case_id: UUID, seconds: int) -> None:
    await intake.pool.execute(
        """UPDATE journeys SET accepted_at = accepted_at - $2::interval, told_at = told_at - $2,
                  next_redrive_at = next_redrive_at - $2 WHERE case_id = $1""",
        case_id,
        timedelta(seconds=seconds),
    )


async def _sweep(intake: Running) -> int:
    async with intake.pool.acquire() as connection, connection.transaction():
        return await sweep(connection, AFTER, "test", TracerProvider().get_tracer("test"))


async def _publish_all(intake: Running) -> None:
    await intake.pool.execute("DELETE FROM outbox_pending")


async def test_a_message_that_was_overtaken_is_published_again_with_growing_pauses(
    intake: Running,
) -> None:
    lost, arrived = await submit(intake), await submit(intake)
    await _publish_all(intake)
    assert await _sweep(intake) == 0
    await project(intake, story_of(arrived), [0, 2, 3])
    await _age(intake, lost, 120)
    assert await _sweep(intake) == 0  # the other arrived only just now: it may be a neighbour
    await _age(intake, arrived, 60)
    assert await _sweep(intake) == 1
    pending = await intake.pool.fetch(
        "SELECT o.subject, p.redrive FROM outbox_pending p JOIN outbox o USING (position)"
    )
    assert [(row["subject"], row["redrive"]) for row in pending] == [(str(lost), 1)]
    assert await _sweep(intake) == 0
    await _age(intake, lost, 59)
    assert await _sweep(intake) == 0
    await _age(intake, lost, 2)
    assert await _sweep(intake) == 1


async def test_a_backlog_in_good_order_is_left_alone(intake: Running) -> None:
    arrived = await submit(intake)
    waiting = [await submit(intake) for _ in range(5)]
    await project(intake, story_of(arrived), [0, 2, 3])
    await _age(intake, arrived, 100)
    for case_id in waiting:
        await _age(intake, case_id, 90)
    assert await _sweep(intake) == 0


async def test_when_nothing_moves_at_all_a_few_are_tried(intake: Running) -> None:
    cases = [await submit(intake) for _ in range(25)]
    for case_id in cases:
        await _age(intake, case_id, 120)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '31 s'")
    assert await _sweep(intake) == 20
    tried = await intake.pool.fetch("SELECT case_id FROM journeys WHERE redrives = 1")
    assert {row["case_id"] for row in tried} == set(cases[5:])


async def test_a_lost_message_that_the_outbox_has_forgotten_is_said_anew(intake: Running) -> None:
    case_id = await submit(intake)
    await intake.client.post(f"/v1/cases/{case_id}/messages", json={"text": "And now?"})
    said = "SELECT event_id, cause_id, key, subject, said_at, body FROM outbox ORDER BY said_at"
    first = await intake.pool.fetch(said)
    await _publish_all(intake)
    await intake.pool.execute("DELETE FROM outbox")
    await _age(intake, case_id, 7200)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '1 h'")
    assert await _sweep(intake) == 2
    pending = await intake.pool.fetch(
        "SELECT p.redrive FROM outbox_pending p JOIN outbox o USING (position)"
    )
    assert [row["redrive"] for row in pending] == [1, 1]
    again = await intake.pool.fetch(said)
    assert [row["event_id"] for row in again] == [row["event_id"] for row in first]
    assert [CaseSubmitted.model_validate_json(row["body"]) for row in again] == [
        CaseSubmitted.model_validate_json(row["body"]) for row in first
    ]
    assert [(row["cause_id"], row["key"], row["subject"]) for row in again] == [
        (row["cause_id"], row["key"], row["subject"]) for row in first
    ]


async def test_a_lost_message_of_which_nothing_is_stored_does_not_count_as_published(
    intake: Running,
) -> None:
    case_id = await submit(intake)
    await _publish_all(intake)
    await intake.pool.execute("DELETE FROM outbox")
    await intake.pool.execute("DELETE FROM submissions")
    await _age(intake, case_id, 7200)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '1 h'")
    assert await _sweep(intake) == 0


async def test_a_message_whose_customer_was_told_is_never_published_again(
    intake: Running,
) -> None:
    case_id = await submit(intake)
    await project(intake, story_of(case_id), [3])
    await _age(intake, case_id, 7200)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '1 h'")
    assert await _sweep(intake) == 0
