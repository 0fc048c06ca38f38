"""A later answer knows the one before it, and a delay speaks the language of the case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from services.notifier.domain import (
    Content,
    Delayed,
    Earlier,
    FinalAnswer,
    Plan,
    Receipt,
    Verifying,
)
from services.notifier.retelling import Answered, Told, in_view_of, looks_back
from shared.events.answer import Basis, Disposition

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
BEFORE = NOW - timedelta(days=3)
CASE = uuid4()


def _plan(content: Content, language: str | None = "pl", case: UUID = CASE) -> Plan:
    return Plan(case, "C-1", 0, content, language, uuid4(), "", NOW)


def _answer(revision: int, disposition: Disposition = Disposition.DECLINED) -> FinalAnswer:
    return FinalAnswer(disposition=disposition, basis=Basis.PERSON, revision=revision)


def _earlier(plans: list[Plan]) -> list[Earlier | None]:
    return [plan.content.earlier for plan in plans if isinstance(plan.content, FinalAnswer)]


def test_only_a_later_answer_and_a_delay_look_back() -> None:
    plans = [_plan(Receipt()), _plan(_answer(0))]
    assert looks_back(plans) == set()
    other = uuid4()
    delay = _plan(Delayed(due_at=NOW), None, other)
    assert looks_back([*plans, _plan(_answer(1)), delay]) == {CASE, other}


def test_a_later_answer_replaces_the_latest_one_before_it() -> None:
    latest = _answer(1, Disposition.GOODWILL).model_copy(update={"reasons": ("wrong_fee",)})
    told = {CASE: Told("pl", (Answered(_answer(0), BEFORE), Answered(latest, NOW)))}
    found = _earlier(in_view_of(told, [_plan(_answer(2, Disposition.UPHELD))]))
    assert found == [
        Earlier(disposition=Disposition.GOODWILL, reasons=("wrong_fee",), answered_at=NOW)
    ]


def test_answers_of_one_batch_replace_each_other_in_whatever_order_they_stand() -> None:
    plans = [
        _plan(_answer(0)),
        _plan(_answer(1, Disposition.GOODWILL)),
        _plan(_answer(2, Disposition.UPHELD)),
    ]
    for order in permutations(plans):
        filled = sorted(
            (p.content for p in in_view_of({}, list(order)) if isinstance(p.content, FinalAnswer)),
            key=lambda answer: answer.revision,
        )
        before = [answer.earlier.disposition if answer.earlier else None for answer in filled]
        assert before == [None, Disposition.DECLINED, Disposition.GOODWILL]


def test_an_answer_of_another_case_is_not_taken_for_this_ones() -> None:
    other = _plan(_answer(0), case=uuid4())
    assert _earlier(in_view_of({}, [other, _plan(_answer(1))])) == [None, None]


@pytest.mark.parametrize("content", [Delayed(due_at=NOW), Verifying(answer_by=NOW)])
def test_a_delay_and_a_check_speak_the_language_that_the_case_was_told_in(
    content: Content,
) -> None:
    delay = _plan(content, None)
    assert in_view_of({CASE: Told("uk")}, [delay])[0].language == "uk"
    assert in_view_of({}, [delay, replace(_plan(Receipt()), language="ru")])[0].language == "ru"
    assert in_view_of({}, [delay])[0].language is None
