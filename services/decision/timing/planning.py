"""What the clock is told of a case, and the clocks that it gets. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.decision.clock import plan
from services.decision.clock.choose import CaseFacts
from services.decision.clock.load import Packs
from services.decision.clock.model import Role
from services.decision.clock.plan import Clock
from shared.events.catalogue import CaseClassified
from shared.events.tags import Flag


@dataclass(frozen=True, slots=True)
class Planned:
    """The clocks of a case as it is now, and since when they run where that is not its receipt.

    `arrived_at` is when we took the message that began them: what had run out by then came late.
    """

    case: CaseClassified
    since: datetime | None
    arrived_at: datetime
    clocks: tuple[Clock, ...]

    @property
    def answer_due_at(self) -> datetime:
        """Return the last instant for the answer; every case has a clock for its answer."""
        return next(clock.deadline for clock in self.clocks if clock.role is Role.ANSWER)


def planned(
    case: CaseClassified, arrived_at: datetime, packs: Packs, since: datetime | None = None
) -> Planned:
    """Plan the clocks of a case, once for all who need to know of them."""
    return Planned(case, since, arrived_at, clocks_of(case, arrived_at, packs, since))


def clocks_of(
    case: CaseClassified, arrived_at: datetime, packs: Packs, since: datetime | None = None
) -> tuple[Clock, ...]:
    """Return the clocks of a case that arrived at `arrived_at`.

    They start at its receipt, or at `since` where the case was answered and reopened.
    """
    return plan.plan(_facts(case), since or case.received_at, arrived_at, packs)


def answer_due_at(case: CaseClassified, packs: Packs, since: datetime | None = None) -> datetime:
    """Return the last instant for the answer; every case has a pack for its answer."""
    return plan.answer_due_at(_facts(case), since or case.received_at, packs)


def _facts(case: CaseClassified) -> CaseFacts:
    return CaseFacts(
        case.jurisdiction,
        case.product,
        case.category,
        case.facts,
        fraud=any(flag.value is Flag.FRAUD for flag in case.tags.flags),
    )
