"""Which notices follow from an event, and what follows from an attempt."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
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
    Asked,
    Boundary,
    Channel,
    Delayed,
    FinalAnswer,
    InReview,
    Language,
    Plan,
    Planned,
    Receipt,
    Recipient,
    Unreachable,
    called,
    language_of,
    notice_id,
)
from services.notifier.reaching import address
from services.notifier.telling import content_of
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.case import Channel as CameBy
from shared.events.case import Customer
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Decision,
    Question,
    Queue,
    SlaMilestone,
)
from shared.events.envelope import event_id
from shared.events.tags import Evidence

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
MONTH_ENDS = date(2026, 12, 20)
CASE = uuid4()


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


def _referred(
    answer_due_at: datetime,
    *,
    queue: Queue = Queue.REVIEW,
    proposal: Decision | None = None,
    jurisdiction: str | None = None,
) -> CaseReferred:
    return CaseReferred(
        case_id=uuid4(),
        customer_id="C-1",
        queue=queue,
        priority=1,
        reason="fault_uncertain",
        proposal=proposal,
        language="en",
        jurisdiction=jurisdiction,
        answer_due_at=answer_due_at,
        referred_at=NOW,
    )


def _decided(
    disposition: Disposition,
    basis: Basis,
    *,
    rule: str = "r",
    boundary: bool = False,
    evidence: tuple[Evidence, ...] = (),
) -> FinalAnswer:
    """Return what a customer is told of a decision."""
    decision = Decision(
        disposition=disposition,
        basis=basis,
        reasons=("x",),
        rule=rule,
        policy="p",
        boundary=boundary,
        evidence=evidence,
    )
    told = content_of(
        CaseDecided(
            case_id=CASE, customer_id="C-1", decision=decision, language="en", decided_at=NOW
        )
    )
    assert isinstance(told, FinalAnswer)
    return told


def _milestone(
    kind: Literal["warned", "extended"],
    due_at: datetime,
    new_due_at: datetime,
) -> SlaMilestone:
    return SlaMilestone(
        case_id=uuid4(),
        customer_id="C-1",
        clock="pl_complaints",
        kind=kind,
        due_at=due_at,
        at=NOW,
        new_due_at=new_due_at,
    )


def test_a_new_case_gets_a_receipt_and_a_later_message_none() -> None:
    receipt = content_of(_submitted(0))
    assert isinstance(receipt, Receipt)
    assert content_of(_submitted(1)) is None


def test_a_referral_tells_when_the_answer_is_due_and_nothing_of_the_proposal() -> None:
    referred = _referred(NOW + timedelta(days=30))
    assert content_of(referred) == InReview(answer_due_at=NOW + timedelta(days=30))
    late = referred.model_copy(update={"answer_due_at": NOW - timedelta(days=1)})
    assert content_of(late) == InReview()


@pytest.mark.parametrize(
    ("accepted", "told"),
    [
        (datetime(2026, 11, 20, 10, tzinfo=UTC), date(2026, 11, 23)),  # a Friday: Monday
        (datetime(2026, 11, 21, 10, tzinfo=UTC), date(2026, 11, 23)),  # a Saturday: Monday
        (datetime(2026, 11, 22, 10, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), date(2026, 11, 24)),
    ],
)
def test_a_receipt_names_the_next_working_day(accepted: datetime, told: date) -> None:
    event = _submitted(0).model_copy(update={"accepted_at": accepted})
    assert content_of(event) == Receipt(next_on=told)


def test_a_receipt_knows_the_holidays_of_the_customers_country() -> None:
    event = _submitted(0).model_copy(
        update={
            "accepted_at": datetime(2026, 11, 10, 10, tzinfo=UTC),
            "customer": Customer(id="C-1", jurisdiction="pl"),
        }
    )
    assert content_of(event) == Receipt(next_on=date(2026, 11, 12))


@pytest.mark.parametrize(
    ("queue", "reason", "days", "told"),
    [
        (Queue.FRAUD, "x", 30, InReview(urgent=True, deadline=MONTH_ENDS)),
        (Queue.SAFETY, "x", 30, InReview(urgent=True, danger=True, deadline=MONTH_ENDS)),
        (Queue.SPECIALIST, "unauthorised_payment", 30, InReview(urgent=True, deadline=MONTH_ENDS)),
        (Queue.FRAUD, "x", 3, InReview(urgent=True, answer_due_at=NOW + timedelta(days=3))),
        (Queue.REVIEW, "x", 30, InReview(answer_due_at=NOW + timedelta(days=30))),
    ],
)
def test_where_money_or_people_are_in_danger_a_month_is_stated_as_the_limit_and_never_promised(
    queue: Queue, reason: str, days: int, told: InReview
) -> None:
    proposal = Decision(
        disposition=Disposition.UPHELD,
        basis=Basis.ENTITLEMENT,
        reasons=(reason,),
        rule="r",
        policy="p",
    )
    referred = _referred(NOW + timedelta(days=days), queue=queue, proposal=proposal)
    assert content_of(referred) == told


def test_a_limit_that_ends_at_midnight_is_told_as_the_day_before_it() -> None:
    midnight_in_warsaw = datetime(2026, 12, 20, 23, tzinfo=UTC)
    referred = _referred(midnight_in_warsaw, queue=Queue.FRAUD, jurisdiction="pl")
    assert content_of(referred) == InReview(urgent=True, deadline=date(2026, 12, 20))


@pytest.mark.parametrize("kind", ["warned", "extended"])
def test_a_delay_is_told_with_both_dates(kind: Literal["warned", "extended"]) -> None:
    promised, later = NOW + timedelta(days=1), NOW + timedelta(days=9)
    milestone = _milestone(kind, promised, later).model_copy(
        update={
            "reason": "checking",
            "in_return": "priority",
            "granted": (Remedy(kind=RemedyKind.CREDIT),),
            "letter": {"reason": "so"},
        }
    )
    told = content_of(milestone)
    assert told == Delayed(
        promised=promised,
        due_at=later,
        reason="checking",
        in_return="priority",
        granted=(Remedy(kind=RemedyKind.CREDIT),),
        letter=(("reason", "so"),),
    )
    assert hash(told) == hash(CONTENT.validate_json(CONTENT.dump_json(told)))
    silent = milestone.model_copy(update={"kind": "nudged"})
    assert content_of(silent) is None


@pytest.mark.parametrize("passed", [timedelta(0), timedelta(days=3)])
def test_a_date_that_has_passed_is_not_called_one_that_may_be_kept(passed: timedelta) -> None:
    milestone = _milestone("warned", NOW - passed, NOW + timedelta(days=1))
    assert content_of(milestone) == Delayed(due_at=NOW + timedelta(days=1))


def test_every_delay_of_a_case_is_a_notice_of_its_own() -> None:
    delays = [replace(_plan(CASE), content=Delayed(due_at=NOW), cause_id=uuid4()) for _ in "ab"]
    assert len({notice_id(plan, "email") for plan in delays}) == 2
    assert notice_id(delays[0], "email") == notice_id(replace(delays[0]), "email")


@pytest.mark.parametrize(
    ("pressures", "boundary"),
    [
        ((), Boundary.INSULT),
        (("recourse",), Boundary.INSULT),
        (("leverage",), Boundary.LEVERAGE),
        (("leverage", "violence"), Boundary.VIOLENCE),
    ],
)
def test_the_boundary_is_drawn_against_the_gravest_of_what_was_written(
    pressures: tuple[str, ...], boundary: Boundary
) -> None:
    told = _decided(
        Disposition.UPHELD,
        Basis.ENTITLEMENT,
        boundary=True,
        evidence=tuple(
            Evidence(target="pressure", value=value, source="list:x") for value in pressures
        ),
    )
    assert told.boundary_for is boundary


def test_a_grant_that_is_taken_back_is_told_as_that() -> None:
    told = _decided(Disposition.DECLINED, Basis.CONTRACT, rule="person.taken_back")
    assert told.taken_back


def test_a_final_answer_survives_its_storage() -> None:
    content = _decided(Disposition.DECLINED, Basis.CONTRACT, rule="goodwill.refused", boundary=True)
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


def test_a_question_is_told_with_the_day_by_which_we_hope_for_an_answer() -> None:
    asked = CaseAsked(
        case_id=uuid4(),
        customer_id="C-1",
        question=Question.WHAT_HAPPENED,
        language="en",
        answer_by=NOW,
        asked_at=NOW,
    )
    assert content_of(asked) == Asked(question=Question.WHAT_HAPPENED, answer_by=NOW)


def test_every_revision_of_an_answer_is_a_notice_of_its_own() -> None:
    answers = [
        FinalAnswer(disposition=Disposition.UPHELD, basis=Basis.PERSON, revision=revision)
        for revision in range(3)
    ]
    plans = [replace(_plan(), content=answer) for answer in answers]
    assert len({notice_id(plan, "email") for plan in plans}) == 3
    # Notices of before, when an answer had no revisions, keep their ids.
    first = plans[0]
    assert notice_id(first, "email") == event_id(
        str(first.case_id), "final_answer", str(first.sequence), "email"
    )


def test_each_contact_gets_a_notice_of_its_own() -> None:
    plan = _plan()
    both = address(plan, _recipient("a@b.example", "https://b.example"), frozenset(Channel))
    assert isinstance(both, list)
    assert [notice.channel for notice in both] == [Channel.EMAIL, Channel.WEBHOOK]
    assert len({notice.id for notice in both}) == 2
    assert {notice.language for notice in both} == {Language.RU}
    assert isinstance(address(plan, _recipient(), frozenset(Channel)), Unreachable)


@given(st.uuids(), st.integers(0, 1000))
def test_a_notice_has_one_id_however_often_it_is_planned(case: UUID, sequence: int) -> None:
    def planned() -> Planned:
        found = address(_plan(case, sequence), _recipient("a@b.example"), frozenset(Channel))
        assert isinstance(found, list)
        return found[0]

    assert planned().id == planned().id
    other = address(_plan(case, sequence + 1), _recipient("a@b.example"), frozenset(Channel))
    assert isinstance(other, list)
    assert other[0].id != planned().id


def test_only_what_was_tried_in_vain_counts_and_the_eighth_time_is_the_last() -> None:
    assert after(Sent(), 5) == Settled("sent")
    assert after(Refused("550"), 0) == Settled("failed", "550")
    again = [Again(pause, "451") for pause in PAUSES]
    assert [after(Deferred("451"), n) for n in range(7)] == again
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
