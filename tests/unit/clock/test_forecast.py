"""The simulation agrees with queueing theory where there is a formula, and is fair where not."""

from collections.abc import Callable
from dataclasses import replace
from math import factorial

import pytest

from services.decision.clock.forecast import (
    HOURS_OF_WEEK,
    OpenCase,
    Order,
    Queue,
    Scenario,
    extra_person,
    fewer_verifications,
    forecast,
    variants,
)

OFFICE = tuple(2 if hour % 24 < 8 and hour // 24 < 5 else 0 for hour in range(HOURS_OF_WEEK))


PLAIN = Queue(
    name="desk",
    open_cases=(),
    arrivals_per_hour=0.55,
    staff=OFFICE,
    handling_hours=0.7,
    times_to_decide=(72.0,),
    verified_share=0.4,
    verification_hours=0.5,
)


def erlang_c_wait(arrivals: float, service: float, servers: int) -> float:
    """Return the mean wait of M/M/c (Erlang 1917)."""
    load = arrivals / service
    busy = load**servers / factorial(servers) * servers / (servers - load)
    idle = sum(load**number / factorial(number) for number in range(servers))
    return busy / (idle + busy) / (servers * service - arrivals)


@pytest.mark.parametrize(("servers", "use"), [(1, 0.6), (3, 0.7), (5, 0.8)])
def test_the_mean_wait_is_that_of_erlang_c(servers: int, use: float) -> None:
    arrivals = servers * use
    constant = replace(
        PLAIN,
        arrivals_per_hour=arrivals,
        staff=(servers,) * HOURS_OF_WEEK,
        handling_hours=1.0,
        verified_share=0.0,
    )
    weeks = int(300_000 / (arrivals * HOURS_OF_WEEK))
    (result,) = forecast(Scenario((constant,), weeks, seed=7, order=Order.FIFO)).queues
    expected = erlang_c_wait(arrivals, 1.0, servers)
    assert result.mean_wait_hours == pytest.approx(expected, rel=0.05)


def test_the_formula_itself_gives_the_wait_of_one_server() -> None:
    # M/M/1: use / (service - arrivals) = 0.6 / 0.4.
    assert erlang_c_wait(0.6, 1.0, 1) == pytest.approx(1.5)


def test_the_same_seed_gives_the_same_forecast_and_another_one_does_not() -> None:
    scenario = Scenario((PLAIN,), weeks=4, seed=1)
    assert forecast(scenario) == forecast(scenario)
    assert forecast(scenario) != forecast(replace(scenario, seed=2))


def test_nobody_at_work_means_that_everything_due_lapses_in_its_week() -> None:
    idle = replace(
        PLAIN,
        arrivals_per_hour=0.0,
        staff=(0,) * HOURS_OF_WEEK,
        open_cases=(
            OpenCase(1),
            OpenCase(167),
            OpenCase(168),
            OpenCase(400),
            OpenCase(0),
            OpenCase(-1),
        ),
    )
    (result,) = forecast(Scenario((idle,), weeks=2, seed=1)).queues
    # Those at 0 and -1 have lapsed already and the one at 400 is due after the two weeks.
    assert result.lapses == (2, 1)
    assert result.left_open == 6


def test_enough_people_means_that_nothing_lapses() -> None:
    assert (
        forecast(Scenario((replace(PLAIN, staff=(9,) * HOURS_OF_WEEK),), weeks=8, seed=1)).lapses
        == 0
    )


def test_work_waits_for_people_to_come() -> None:
    # Nobody works for the first ten hours; the case is begun at hour ten.
    late = (0,) * 10 + (1,) * (HOURS_OF_WEEK - 10)
    one = replace(PLAIN, arrivals_per_hour=0.0, staff=late, open_cases=(OpenCase(90),))
    (result,) = forecast(Scenario((one,), weeks=1, seed=1)).queues
    assert result.mean_wait_hours == 10


def test_what_if_changes_one_thing_each_on_the_same_cases() -> None:
    scenario = Scenario(
        (PLAIN, replace(PLAIN, name="cards", arrivals_per_hour=0.2)), weeks=6, seed=3
    )
    outcomes = {name: forecast(variant) for name, variant in variants(scenario).items()}
    assert set(outcomes) == {
        "one more person: desk",
        "one more person: cards",
        "half the verifications",
        "order: fifo",
        "order: due",
    }
    here = forecast(scenario)
    assert here.lapses > 0
    assert outcomes["one more person: desk"].lapses < here.lapses
    assert outcomes["one more person: desk"].queues[1] == here.queues[1]
    assert outcomes["half the verifications"].lapses <= here.lapses
    for other in outcomes.values():
        assert [one.cases for one in other.queues] == [one.cases for one in here.queues]


def test_nobody_is_added_where_nobody_works_and_other_queues_stay_as_they_are() -> None:
    scenario = Scenario((PLAIN, replace(PLAIN, name="cards")), weeks=1, seed=1)
    desk, cards = extra_person(scenario, "desk").queues
    assert desk.staff == tuple(3 if people else 0 for people in OFFICE)
    assert cards == scenario.queues[1]


def test_a_share_of_the_verifications_is_left_out() -> None:
    (desk,) = fewer_verifications(Scenario((PLAIN,), weeks=1, seed=1), 0.25).queues
    assert desk.verified_share == pytest.approx(0.3)


def test_the_order_by_deadline_saves_what_first_come_first_served_loses() -> None:
    # Two open cases, one person: the one filed second is due first.
    hurry = replace(
        PLAIN,
        arrivals_per_hour=0.0,
        staff=(1,) * HOURS_OF_WEEK,
        handling_hours=1e-6,
        verified_share=1.0,
        verification_hours=5.0,
        open_cases=(OpenCase(20), OpenCase(6)),
    )
    by_deadline = Scenario((hurry,), weeks=1, seed=1, order=Order.DUE)
    assert forecast(by_deadline).lapses == 0
    assert forecast(replace(by_deadline, order=Order.FIFO)).lapses == 1


def test_where_deadlines_differ_the_order_by_deadline_loses_less_than_by_arrival() -> None:
    mixed = replace(PLAIN, arrivals_per_hour=0.62, times_to_decide=(48.0, 720.0))
    by_due = Scenario((mixed,), weeks=8, seed=5, order=Order.DUE)
    assert forecast(by_due).lapses < forecast(replace(by_due, order=Order.FIFO)).lapses


def test_the_work_order_leaves_nobody_waiting_for_ever() -> None:
    # One person, two hours a case. The first has waited five days and is due in a month; begun
    # first, it costs the second its deadline, which the order by deadline would have kept.
    both = replace(
        PLAIN,
        arrivals_per_hour=0.0,
        staff=(1,) * HOURS_OF_WEEK,
        handling_hours=1e-6,
        verified_share=1.0,
        verification_hours=2.0,
        open_cases=(OpenCase(700.0, waited=121.0), OpenCase(2.5)),
    )
    by_work = Scenario((both,), weeks=1, seed=1)
    assert forecast(by_work).lapses == 1
    assert forecast(replace(by_work, order=Order.DUE)).lapses == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: replace(PLAIN, staff=(1, 2)), "168 hours"),
        (lambda: replace(PLAIN, staff=(-1,) * HOURS_OF_WEEK), "never negative"),
        (lambda: replace(PLAIN, arrivals_per_hour=-1.0), "never negative"),
        (lambda: replace(PLAIN, handling_hours=0.0), "positive"),
        (lambda: replace(PLAIN, times_to_decide=(24.0, -1.0)), "positive"),
        (lambda: replace(PLAIN, times_to_decide=()), "positive"),
        (lambda: replace(PLAIN, verified_share=1.5), "a share"),
    ],
)
def test_a_queue_that_cannot_be_is_refused(change: Callable[[], Queue], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        change()


def test_nobody_begins_anything_on_a_holiday() -> None:
    day = frozenset(range(24))
    open_cases = tuple(OpenCase(due=20.0) for _ in range(4))
    monday = replace(PLAIN, arrivals_per_hour=0.0, open_cases=open_cases)
    off = replace(monday, closed=day)
    worked, idle = (forecast(Scenario((queue,), weeks=1, seed=1)) for queue in (monday, off))
    assert (worked.lapses, idle.lapses) == (0, 4)
    assert idle.queues[0].mean_wait_hours == pytest.approx(
        worked.queues[0].mean_wait_hours + 24, abs=2
    )
    assert idle.queues[0].left_open == 0  # the next day they are taken up
