"""Which notices follow from an event, and what follows from an attempt."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.attempts import (
    PAUSES,
    Again,
    Back,
    Deferred,
    Refused,
    Sent,
    Settled,
    Untried,
    after,
)
from services.notifier.domain import (
    CONTENT,
    Channel,
    FinalAnswer,
    InReview,
    Language,
    Plan,
    Planned,
    Receipt,
    Recipient,
    Unreachable,
    address,
    called,
    content_of,
    language_of,
)
from shared.events.answer import Basis, Disposition
from shared.events.case import Channel as CameBy
from shared.events.case import Customer
from shared.events.catalogue import CaseDecided, CaseReferred, CaseSubmitted, Decision, Queue

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def _plan(case: UUID | None = None, sequence: int = 0) -> Plan:
    return Plan(case or uuid4(), "C-1", sequence, Receipt(), "ru", uuid4(), "", NOW)


def _recipient(email: str | None = None, webhook: str | None = None) -> Recipient:
    return Recipient("Anna", email, webhook, None, None)


def _submitted(sequence: int) -> CaseSubmitted:
    return CaseSubmitted(
        case_id=uuid4(),
        customer_id="C-1",
        sequence=sequence,
        customer=Customer(id="C-1"),
        channel=CameBy.WEB,
        text="…",
        received_at=NOW,
        accepted_at=NOW,
    )


def test_a_new_case_gets_a_receipt_and_a_later_message_none() -> None:
    assert content_of(_submitted(0)) == Receipt()
    assert content_of(_submitted(1)) is None


def test_a_referral_tells_when_the_answer_is_due_and_nothing_of_the_proposal() -> None:
    referred = CaseReferred(
        case_id=uuid4(),
        customer_id="C-1",
        queue=Queue.FRAUD,
        priority=1,
        reason="fraud_suspected",
        language="en",
        answer_due_at=NOW,
        referred_at=NOW,
    )
    assert content_of(referred) == InReview(answer_due_at=NOW)


def test_a_final_answer_survives_its_storage() -> None:
    decision = Decision(
        disposition=Disposition.DECLINED,
        basis=Basis.CONTRACT,
        reasons=("own_slip_too_late",),
        rule="goodwill.refused",
        policy="p",
        boundary=True,
    )
    content = content_of(
        CaseDecided(
            case_id=uuid4(), customer_id="C-1", decision=decision, language="pl", decided_at=NOW
        )
    )
    assert isinstance(content, FinalAnswer)
    assert content.boundary
    assert CONTENT.validate_json(content.model_dump_json()) == content
    assert "goodwill.refused" not in content.model_dump_json()


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("pl-PL", "ru"), Language.PL),
        (("UK_ua", None), Language.UK),
        (("de", "ru"), Language.RU),
        ((None, "xx"), Language.EN),
        (("", None), Language.EN),
        (("plx",), Language.EN),
    ],
)
def test_the_first_language_that_we_speak_is_used(
    wishes: tuple[str | None, ...], language: Language
) -> None:
    assert language_of(*wishes) is language


def test_each_contact_gets_a_notice_of_its_own() -> None:
    plan = _plan()
    both = address(plan, _recipient("a@b.example", "https://b.example"))
    assert isinstance(both, list)
    assert [notice.channel for notice in both] == [Channel.EMAIL, Channel.WEBHOOK]
    assert len({notice.id for notice in both}) == 2
    assert {notice.language for notice in both} == {Language.RU}
    assert isinstance(address(plan, _recipient()), Unreachable)


@given(st.uuids(), st.integers(0, 1000))
def test_a_notice_has_one_id_however_often_it_is_planned(case: UUID, sequence: int) -> None:
    def planned() -> Planned:
        found = address(_plan(case, sequence), _recipient("a@b.example"))
        assert isinstance(found, list)
        return found[0]

    assert planned().id == planned().id
    other = address(_plan(case, sequence + 1), _recipient("a@b.example"))
    assert isinstance(other, list)
    assert other[0].id != planned().id


def test_only_what_was_tried_in_vain_counts_and_the_eighth_time_is_the_last() -> None:
    assert after(Sent(), 5) == Settled("sent")
    assert after(Refused("550"), 0) == Settled("failed", "550")
    assert [after(Deferred("451"), n) for n in range(7)] == [Again(pause) for pause in PAUSES]
    assert after(Deferred("451"), 7) == Settled("failed", "451")
    assert after(Untried(), 1000) == Back()


def test_the_attempts_cover_a_day_with_growing_pauses() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert timedelta(hours=23) < sum(PAUSES, timedelta()) < timedelta(hours=25)


@given(st.text(max_size=500))
def test_a_name_is_written_on_one_readable_line(name: str) -> None:
    line = called(name)
    assert line.isprintable()
    assert len(line) <= 100
    assert line == line.strip()
