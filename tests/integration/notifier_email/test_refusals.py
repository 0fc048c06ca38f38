"""A mail that is refused or broken off is tried again or given up, and delays no other."""

import pytest

from deploy.local.mailbox import running
from deploy.local.mailbox.receiving import Drop, Refuse
from deploy.local.mailbox.running import MailCatcher
from deploy.local.ports import free_port
from tests.integration.notifier_email.faults import Faults
from tests.integration.notifier_email.notices import ANNA, kinds
from tests.integration.notifier_service import HasDatabase, Notifier, case_of, notifier, until


async def test_a_temporary_refusal_is_tried_again(
    service: Notifier, catcher: MailCatcher, faults: Faults
) -> None:
    faults.of[ANNA] = [Refuse("451 4.7.1 come again"), Refuse("452 4.3.1 full", at="content")]
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        for times in (1, 2):
            await service.tried(times)
            await service.make_due()
        await service.settled(1)
    assert await service.outcomes() == ["sent"]
    assert kinds(catcher) == ["receipt"]


async def test_the_eighth_temporary_refusal_is_the_last(
    service: Notifier, catcher: MailCatcher, faults: Faults
) -> None:
    faults.of[ANNA] = [Refuse("451 4.7.1 come again")] * 8
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        for times in range(1, 8):
            await service.tried(times)
            await service.make_due()
        await service.settled(1)
    (said,) = await service.said()
    assert (said.outcome, said.detail) == ("failed", "451 4.7.1")
    assert catcher.mailbox.counts.messages == 0


@pytest.mark.parametrize("at", ["recipient", "content"])
async def test_a_permanent_refusal_fails_at_once_and_never_names_the_address(
    service: Notifier, faults: Faults, at: str
) -> None:
    reply = f"550 5.1.1 <{ANNA}> unknown"
    faults.of[ANNA] = [Refuse(reply, at="recipient" if at == "recipient" else "content")]
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        await service.settled(1)
    (said,) = await service.said()
    assert (said.outcome, said.detail) == ("failed", "550 5.1.1")
    assert ANNA not in said.model_dump_json()


@pytest.mark.parametrize("drop", list(Drop))
async def test_a_dropped_connection_costs_no_mail_and_makes_no_second_one(
    service: Notifier, catcher: MailCatcher, faults: Faults, drop: Drop
) -> None:
    cases = [case_of(f"{n}@example.com") for n in range(30)]
    faults.of["7@example.com"] = [drop]
    await service.consume(*(case.submitted() for case in cases))
    async with service.sending():
        await service.settled(29)
        if drop is not Drop.AFTER_REPLY:
            await service.tried(1)
            await service.make_due()
        await service.settled(30)
    counts = catcher.mailbox.counts
    assert counts.messages == 30
    assert counts.duplicates == (1 if drop is Drop.BEFORE_REPLY else 0)
    assert set(await service.outcomes()) == {"sent"}


async def test_one_recipients_refusals_delay_no_other(
    service: Notifier, catcher: MailCatcher, faults: Faults
) -> None:
    cases = [case_of(f"{n}@example.com") for n in range(60)]
    for n in range(0, 60, 3):
        faults.of[f"{n}@example.com"] = [
            Refuse("450 4.2.1 later", at="content" if n % 2 else "recipient")
        ]
    await service.consume(*(case.submitted() for case in cases))
    async with service.sending():
        await service.settled(40)
    assert catcher.mailbox.counts.messages == 40
    assert await service.pool.fetchval("SELECT count(*) FROM queue WHERE attempts = 1") == 20


async def test_a_dead_server_delays_and_counts_no_attempt(database: HasDatabase) -> None:
    port = free_port()
    async with notifier(database, port) as service, service.sending():
        case = case_of(ANNA)
        await service.consume(case.submitted())
        await service.consume(case.decided())

        async def was_given_back() -> bool:
            names = [span.status.description for span in service.spans.get_finished_spans()]
            return names.count("untried") >= 2

        await until(was_given_back)
        assert await service.pool.fetchval("SELECT max(attempts) FROM queue") == 0
        mail = await running.start(smtp_port=port)
        try:
            await service.settled(2)
            assert sorted(kinds(mail)) == ["final_answer", "receipt"]
        finally:
            await mail.stop()
