"""A call fires without its plan being read, and does what the ladder says; the word is as ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.clock.ladder import Action, Level, Rung
from services.decision.clock.load import load
from services.decision.clock.plan import plan
from services.decision.clock.state import State, Timer
from services.decision.clock.timers import on_call, on_timer
from services.decision.timing.claims import Due
from services.decision.timing.doings import Doings
from services.decision.timing.firing import go_through
from services.decision.timing.rows import CALLS
from services.decision.timing.telling import Happened, say
from shared.events.catalogue import SlaMilestone
from tests.unit.clock.conftest import FRIDAY, about

PACKS = load()
LADDERS = [rung for ladder in PACKS.ladders.values() for rung in ladder.rungs]
ROW = {
    "case_id": UUID(int=7),
    "customer_id": "C-1",
    "clock": "pl_complaints:0#2",
    "sequence": 3,
    "pack": "pl_complaints",
    "pack_version": "2026-11-21+0123",
    "role": "answer",
    "decide_by": datetime(2026, 12, 18, 15, 30, 0, 250, tzinfo=UTC),
    "deadline": datetime(2026, 12, 20, 23, tzinfo=UTC),
    "late_arrival": False,
    "queue": "legal",
    "assignee": None,
    "cause_id": UUID(int=9),
    "traceparent": f"00-{7:032x}-{8:016x}-00",
}
LETTER = {"reason": "because", "facts_to_establish": "who, when"}
MORE = st.fixed_dictionaries(
    {},
    optional={
        "rung": st.sampled_from([rung.name for rung in LADDERS]),
        "rung_due_at": st.datetimes(timezones=st.just(UTC)),
        "new_due_at": st.datetimes(timezones=st.just(UTC)),
        "late": st.booleans(),
        "summoned": st.sampled_from(["person", "team", "executive"]),
        "needs": st.sampled_from([(), ("reason", "new_date")]),
        "reason": st.sampled_from([None, "decide_by"]),
        "in_return": st.sampled_from([None, "priority"]),
        "letter": st.sampled_from([{}, LETTER]),
        "granted": st.just(
            [
                {
                    "kind": "credit",
                    "money": {"amount": "5", "currency": "EUR"},
                    "share": "goodwill",
                }
            ]
        ),
        "legal_effect": st.just("deemed_accepted"),
        "legal_text": st.just("Art. 8"),
    },
)
KINDS = st.sampled_from(
    ["nudged", "warned", "escalated", "extended", "paused", "resumed", "lapsed"]
)


@pytest.mark.parametrize("rung", [rung for rung in LADDERS if rung.action in CALLS])
def test_a_call_does_what_its_ladder_says(rung: Rung) -> None:
    clock, *_ = plan(about("PL"), FRIDAY, FRIDAY, PACKS)
    planned = replace(clock.rungs[0], rung=rung)
    clock = clock.model_copy(update={"rungs": (planned,)})
    state = State(clocks=(clock,))
    by_the_ladder = on_timer(Timer(clock=clock.id, rung=rung.name), state, planned.due)
    assert on_call(rung, clock.id, clock.decide_by) == by_the_ladder


@pytest.mark.parametrize("action", [Action.WARN, Action.HOLDING_LETTER, Action.LAPSE])
def test_what_does_more_than_call_is_never_fired_without_its_plan(action: Action) -> None:
    rung = Rung.model_construct(name="x", at=0, action=action, to=Level.TEAM, jumps_queue=False)
    assert action not in CALLS
    with pytest.raises(ValueError, match="calls nobody"):
        on_call(rung, "pl_complaints:0", FRIDAY)


@given(kind=KINDS, more=MORE, later=st.timedeltas(timedelta(0), timedelta(days=60)))
def test_what_is_said_is_what_the_model_would_say(
    kind: Any,  # noqa: ANN401 - one of the words
    more: dict[str, Any],
    later: timedelta,
) -> None:
    said, *_ = say(ROW, Happened(kind, "step", more), FRIDAY + later)
    assert SlaMilestone.model_validate_json(said.body).model_dump_json().encode() == said.body


@pytest.mark.parametrize("recorded", [True, False])
def test_what_a_clock_says_belongs_to_the_trace_and_the_event_that_set_it(recorded: bool) -> None:  # noqa: FBT001 - pytest
    flag = "01" if recorded else "00"
    row = {**ROW, "traceparent": f"00-{7:032x}-{8:016x}-{flag}"}
    for said in say(row, Happened("warned", "warn", {}), FRIDAY):
        assert said.cause_id == ROW["cause_id"]
        assert (said.passed is None) is recorded
        assert (said.parent is not None) is recorded


STOPPED = {"cancelled_at": None, "extended_to": None, "withdrawn_at": None}
CALL = {"id": 1, "rung": "team_lead", "due_at": FRIDAY, "action": "escalate", "summons": "person"}


def _row(**changed: object) -> dict[str, Any]:
    at_rest = {"lapsed_at": None, "draft": None, "expected_by": None, "expected_of": None}
    called = {"summoned": None, "jumps_queue": False, "state": "referred", "kind": "statutory"}
    return {**ROW, **STOPPED, **at_rest, **called, "now": FRIDAY, **changed}


@pytest.mark.parametrize("stopped", list(STOPPED))
def test_nobody_is_called_for_a_clock_that_stands_still(stopped: str) -> None:
    for row, told in ((_row(), 1), (_row(**{stopped: FRIDAY}), 0)):
        doings = Doings()
        timer = {**CALL, "jumps_queue": True}
        go_through(Due(row, (timer,), calls_only=True), doings, PACKS)
        assert len(doings.happened) == doings.fired == len(doings.summons) == told
        assert doings.dropped == [1] * (not told)


@pytest.mark.parametrize(("summoned", "said"), [(None, None), ("person", "priority")])
def test_that_somebody_watches_over_a_case_is_said_where_it_is_so(
    summoned: str | None, said: str | None
) -> None:
    clock, *_ = plan(about("PL"), FRIDAY - timedelta(days=25), FRIDAY, PACKS)
    row = _row(summoned=summoned, plan=clock.model_dump_json())
    warn = {**CALL, "rung": "warn_customer", "action": "warn"}
    doings = Doings()
    go_through(Due(row, (warn,), calls_only=False), doings, PACKS)
    ((_, happened),) = doings.happened
    assert happened.kind == "warned"
    assert happened.more["in_return"] == said
