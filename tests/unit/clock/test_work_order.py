"""The order of work: by when to begin, safety first, nobody starving, each place explained."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.decision.clock.work_order import PATIENCE, Waiting, order
from tests.unit.clock.conftest import FRIDAY

HOUR = timedelta(hours=1)


def waiting(  # noqa: PLR0913 - what a test may want to say
    number: int,
    *,
    hours_left: float = 24,
    waited: float = 0,
    effort: float = 1,
    safety: bool = False,
    vulnerable: bool = False,
    jumps_queue: bool = False,
) -> Waiting:
    return Waiting(
        case_id=UUID(int=number),
        decide_by=FRIDAY + hours_left * HOUR,
        waiting_since=FRIDAY - waited * HOUR,
        effort=effort * HOUR,
        safety=safety,
        vulnerable=vulnerable,
        jumps_queue=jumps_queue,
    )


CASES = st.lists(
    st.builds(
        waiting,
        st.integers(0, 10**6),
        hours_left=st.floats(-100, 1000),
        waited=st.floats(0, 1000),
        effort=st.floats(0.1, 8),
        safety=st.booleans(),
        vulnerable=st.booleans(),
        jumps_queue=st.booleans(),
    ),
    unique_by=lambda case: case.case_id,
    max_size=30,
)


def numbers(*cases: Waiting) -> list[int]:
    return [place.case.case_id.int for place in order(cases, FRIDAY)]


def test_the_nearest_decide_by_comes_first() -> None:
    assert numbers(waiting(1, hours_left=9), waiting(2, hours_left=5)) == [2, 1]


def test_more_work_is_begun_sooner_for_the_same_decide_by() -> None:
    assert numbers(waiting(1, effort=1), waiting(2, effort=3)) == [2, 1]


def test_of_two_that_must_begin_together_the_quicker_goes_first() -> None:
    slow, quick = waiting(1, hours_left=12, effort=3), waiting(2, hours_left=10, effort=1)
    assert numbers(slow, quick) == [2, 1]


def test_safety_is_ahead_of_everything() -> None:
    urgent = waiting(1, hours_left=-50, vulnerable=True, jumps_queue=True)
    assert numbers(urgent, waiting(2, hours_left=900, safety=True)) == [2, 1]


def test_the_vulnerable_and_the_escalated_come_a_day_sooner() -> None:
    plain = waiting(1, hours_left=24)
    assert numbers(plain, waiting(2, hours_left=47, vulnerable=True)) == [2, 1]
    assert numbers(plain, waiting(2, hours_left=47, jumps_queue=True)) == [2, 1]
    assert numbers(plain, waiting(2, hours_left=49, vulnerable=True)) == [1, 2]


@given(CASES, CASES)
def test_nobody_starves(now_waiting: list[Waiting], later: list[Waiting]) -> None:
    old = waiting(10**7, hours_left=10_000, waited=0)
    arrival = FRIDAY + PATIENCE + timedelta(days=2)
    # Whatever comes a week later, due at once or not, stands behind unless it is about safety.
    later = [
        Waiting(
            case.case_id,
            max(case.decide_by, arrival + case.effort),
            arrival,
            case.effort,
            safety=False,
            vulnerable=case.vulnerable,
            jumps_queue=False,
        )
        for case in later
    ]
    places = [place.case for place in order([*now_waiting, old, *later], arrival)]
    assert not set(places[: places.index(old)]) & set(later)


@given(CASES, st.integers(-1000, 1000))
def test_the_order_does_not_change_as_time_passes(cases: list[Waiting], hours: int) -> None:
    early = [place.case for place in order(cases, FRIDAY)]
    assert [place.case for place in order(reversed(cases), FRIDAY + hours * HOUR)] == early


@given(CASES)
def test_every_place_is_counted_and_explained(cases: list[Waiting]) -> None:
    places = order(cases, FRIDAY)
    assert [place.position for place in places] == list(range(1, len(cases) + 1))
    for place in places:
        assert " in the queue because " in place.why
        assert ("safety" in place.why) == place.case.safety
        assert ("vulnerable" in place.why) == place.case.vulnerable


def test_a_place_says_why_it_is_this_one() -> None:
    cases = [
        waiting(1, safety=True, effort=0.5),
        waiting(2, hours_left=-3),
        waiting(3, hours_left=5, vulnerable=True, effort=2, jumps_queue=True),
        waiting(4, hours_left=300, waited=50),
    ]
    assert [place.why for place in order(cases, FRIDAY)] == [
        (
            "first in the queue because somebody's safety comes ahead of everything, "
            "it must be decided within 1 day, it takes about 30 minutes"
        ),
        (
            "second in the queue because it must be decided within 5 hours, the customer is "
            "vulnerable, its ladder has pushed it ahead, it takes about 2 hours"
        ),
        "third in the queue because it should have been decided 3 hours ago, it takes about 1 hour",
        (
            "fourth in the queue because it has waited 2 days and nobody is left waiting, "
            "it takes about 1 hour"
        ),
    ]


def test_later_places_are_counted_in_figures() -> None:
    words = [place.why.split()[0] for place in order([waiting(n) for n in range(113)], FRIDAY)]
    shown = (words[9], *words[10:13], words[20], words[21], words[22], words[110])
    assert shown == ("tenth", "11th", "12th", "13th", "21st", "22nd", "23rd", "111th")
