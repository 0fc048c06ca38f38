"""The read model says the same in whatever order, and in whatever batches, the events arrive."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.read_model import Heard, fold
from services.intake.reconcile import Overtaken, Probe, Progress, judge
from shared.events.answer import Basis, Disposition
from shared.events.case import Status
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseNotified,
    CaseReferred,
    CaseStatusChanged,
    Decision,
    Event,
    Notice,
    Question,
    Queue,
    SlaMilestone,
    VerificationRequested,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CASE = UUID(int=1)
AFTER = timedelta(seconds=30)


def _heard(event: Event) -> Heard:
    return Heard(event, uuid4(), NOW)


def _at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def _referred(seconds: int, **more: object) -> Heard:
    return _heard(
        CaseReferred.model_validate(
            {
                "case_id": CASE,
                "customer_id": "C",
                "queue": Queue.REVIEW,
                "priority": 50,
                "reason": "fault_unclear",
                "language": "pl",
                "referred_at": _at(seconds),
                **more,
            }
        )
    )


def _decided(seconds: int, sequence: int = 0, revision: int = 0) -> Heard:
    decision = Decision(
        disposition=Disposition.UPHELD,
        basis=Basis.TRUST,
        reasons=("trusted",),
        rule="trust.unclear",
        policy="sha256:1",
    )
    return _heard(
        CaseDecided(
            case_id=CASE,
            customer_id="C",
            sequence=sequence,
            revision=revision,
            decision=decision,
            language="pl",
            decided_at=_at(seconds),
        )
    )


def _status_after(heard: Iterable[Heard]) -> str | None:
    found = fold(heard).cases[CASE].status
    return found and found[2]


def _notified(notice: Notice, outcome: str = "sent", sequence: int = 0) -> Heard:
    return _heard(
        CaseNotified.model_validate(
            {
                "case_id": CASE,
                "customer_id": "C",
                "notice": notice,
                "sequence": sequence,
                "channel": "email",
                "outcome": outcome,
                "language": "pl",
                "at": NOW,
            }
        )
    )


CLOCKS = st.tuples(*[st.integers(0, 2)] * 3)


@given(CLOCKS, st.permutations(range(3)))
def test_the_word_about_the_latest_message_makes_the_status_whatever_the_clocks(
    at: tuple[int, int, int], order: list[int]
) -> None:
    heard = [_referred(at[0]), _decided(at[1]), _referred(at[2], sequence=1, reopened=True)]
    assert _status_after(heard[n] for n in order) == "reopened"


@given(CLOCKS, st.permutations(range(3)))
def test_of_one_message_the_status_further_on_wins_whatever_the_clocks(
    at: tuple[int, int, int], order: list[int]
) -> None:
    reopened = _referred(at[1], sequence=1, reopened=True)
    heard = [_decided(at[0]), reopened, _decided(at[2], sequence=1)]
    assert _status_after(heard[n] for n in order) == "decided"


@given(st.permutations([_referred(0), _referred(0, sequence=1, queue=Queue.SAFETY)]))
def test_of_two_referrals_at_one_instant_the_later_message_wins(order: list[Heard]) -> None:
    referral = fold(order).cases[CASE].referral
    assert referral is not None
    assert '"queue":"safety"' in referral[2]


def test_a_person_who_is_only_told_leaves_the_status_as_it_is() -> None:
    assert _status_after([_decided(1), _referred(2, answered=True)]) == "decided"
    assert _status_after([_referred(2, answered=True)]) is None  # its decision is yet to come


def test_a_receipt_ends_no_journey() -> None:
    assert not fold([_notified(Notice.RECEIPT)]).steps


@pytest.mark.parametrize("notice", [Notice.NEW_LINK, Notice.DOCUMENT_REFUSED, Notice.CLOSED])
def test_a_notice_about_something_else_ends_no_journey(notice: Notice) -> None:
    # A link that was sent at ten must not hide that the answer of nine was lost.
    assert fold([_notified(notice, sequence=7)]).steps == {}


def test_a_case_whose_customer_is_told_so_is_closed_until_they_write_again() -> None:
    closed = _notified(Notice.CLOSED, sequence=1)
    for order in permutations([_decided(5, 1), closed]):
        assert _status_after(order) == "closed"
    for order in permutations([_decided(5, 1), closed, _decided(9, 2, 1)]):
        assert _status_after(order) == "decided"


@pytest.mark.parametrize("outcome", ["sent", "failed", "no_contact"])
def test_an_answer_ends_the_journey_of_its_message_whatever_its_outcome(outcome: str) -> None:
    steps = fold([_notified(Notice.FINAL_ANSWER, outcome, 3)]).steps
    assert {key: step.told for key, step in steps.items()} == {(CASE, 3): True}


def test_a_milestone_changes_the_timeline_only() -> None:
    milestone = SlaMilestone(
        case_id=CASE, customer_id="C", clock="answer", kind="lapsed", due_at=NOW, at=NOW
    )
    changes = fold([_heard(milestone)])
    assert [entry.event for entry in changes.entries] == ["sla"]
    assert not changes.cases


@pytest.mark.parametrize("kind", ["warned", "extended"])
def test_a_warning_or_an_extension_delays_the_case_and_only_the_latter_moves_its_last_day(
    kind: str,
) -> None:
    new = NOW + timedelta(days=30)
    milestone = SlaMilestone.model_validate(
        {
            "case_id": CASE,
            "customer_id": "C",
            "clock": "pl_complaints:0",
            "role": "answer",
            "kind": kind,
            "due_at": NOW,
            "new_due_at": new,
            "at": NOW,
        }
    )
    change = fold([_heard(milestone)]).cases[CASE]
    assert change.status is not None
    assert change.status[2] == "delayed"
    assert change.due == (NOW, new if kind == "extended" else NOW)


def test_a_later_revision_counts_whoever_s_clock_it_was_written_by() -> None:
    later = _decided(1, revision=1)
    for order in ([_decided(5), later], [later, _decided(5)]):
        found = fold(order).cases[CASE].decision
        assert found is not None
        assert found[0] == 1


def _asked() -> Heard:
    return _heard(
        CaseAsked(
            case_id=CASE,
            customer_id="C",
            question=Question.WHAT_HAPPENED,
            language="pl",
            answer_by=_at(9),
            asked_at=_at(1),
        )
    )


def _checked(purpose: str) -> Heard:
    return _heard(
        VerificationRequested.model_validate(
            {
                "case_id": CASE,
                "customer_id": "C",
                "question": "malfunction",
                "purpose": purpose,
                "requested_at": _at(1),
            }
        )
    )


def test_a_question_to_the_customer_is_an_answer_to_the_message() -> None:
    changes = fold([_asked()])
    assert _status_after([_asked()]) == "waiting_for_you"
    assert changes.step(CASE, 0).answered
    assert [entry.event for entry in changes.entries] == ["asked"]


def test_a_case_whose_customer_was_asked_in_vain_is_in_review() -> None:
    assert _status_after([_asked(), _referred(3)]) == "in_review"
    assert _status_after([_referred(3), _asked()]) == "in_review"


def test_only_a_check_that_the_answer_waits_for_is_told_to_the_customer() -> None:
    assert _status_after([_checked("first")]) == "in_review"
    assert _status_after([_checked("first"), _decided(3)]) == "decided"
    assert fold([_checked("background")]).cases == {}
    assert fold([_checked("background")]).entries == []


def test_an_event_that_is_not_known_is_an_error_of_the_wiring() -> None:
    event = CaseStatusChanged(case_id=CASE, customer_id="C", status=Status.DECIDED, changed_at=NOW)
    with pytest.raises(TypeError, match="CaseStatusChanged"):
        fold([_heard(event)])


def test_a_moving_backlog_loses_only_what_was_overtaken() -> None:
    overtaken = NOW - timedelta(minutes=2)
    verdict = judge(Progress(NOW, NOW - timedelta(seconds=1), overtaken), AFTER)
    assert verdict == Overtaken(overtaken)


def test_while_nothing_has_arrived_yet_nothing_is_lost() -> None:
    assert judge(Progress(NOW, NOW - timedelta(seconds=29), None), AFTER) is None


def test_when_nothing_moves_a_few_are_tried() -> None:
    assert judge(Progress(NOW, NOW - AFTER, NOW), AFTER) == Probe()
