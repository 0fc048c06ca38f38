"""The shipped packs, and a case to start from; a test says only what matters to it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.decision.clock.choose import CaseFacts
from services.decision.clock.load import Packs, load
from services.decision.clock.model import LetterPart
from services.decision.clock.plan import Clock, plan
from services.decision.clock.state import State
from services.decision.clock.timers import Effect, after, on_timer
from shared.events.case import Category, Facts, Product

FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)
REASONS = {
    LetterPart.REASON: "The other bank has not answered.",
    LetterPart.FACTS_TO_ESTABLISH: "Where the payment went.",
}

MakeCase = Callable[..., CaseFacts]
ClockOf = Callable[..., Clock]


def about(
    country: str,
    category: Category = Category.FEE_DISPUTE,
    product: Product | None = None,
    facts: Facts | None = None,
) -> CaseFacts:
    return CaseFacts(country, product, category, facts or Facts())


@pytest.fixture(scope="session")
def packs() -> Packs:
    return load()


@pytest.fixture(scope="session")
def make_case() -> MakeCase:
    def make(
        jurisdiction: str | None = "PL",
        *,
        product: Product | None = None,
        category: Category = Category.FEE_DISPUTE,
        facts: Facts | None = None,
        fraud: bool = False,
    ) -> CaseFacts:
        return CaseFacts(jurisdiction, product, category, facts or Facts(), fraud)

    return make


@pytest.fixture(scope="session")
def clock_of(packs: Packs) -> ClockOf:
    """Return the one clock of a pack among the clocks of a case."""

    def find(case: CaseFacts, pack: str, received_at: datetime = FRIDAY) -> Clock:
        clocks = plan(case, received_at, received_at, packs)
        (found,) = [clock for clock in clocks if clock.pack == pack]
        return found

    return find


@pytest.fixture
def polish(clock_of: ClockOf, make_case: MakeCase) -> Clock:
    return clock_of(make_case("PL"), "pl_complaints")


def drain(state: State, now: datetime) -> tuple[State, list[Effect]]:
    """Fire everything that is due, in its order."""
    effects: list[Effect] = []
    for timer, planned in state.timers():
        if planned.due <= now:
            effect = on_timer(timer, state, now)
            state = after(state, timer, effect, now)
            effects.append(effect)
    return state, effects
