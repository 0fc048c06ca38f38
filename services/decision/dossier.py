"""A case in hand: how it stands, what was thought of it, and what follows from a step. Pure.

Places in the log are known only at the end of a batch: until then `-1` is the batch's first entry,
`-2` its second, and so on.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.decision.deliberation import Thought
from services.decision.log import Entry
from services.decision.merits.outcome import Outcome
from services.decision.store import Standing
from services.decision.timing.planning import Planned
from shared.events.catalogue import CaseClassified, Decision, Event, Topic


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case that was thought of before.

    `case` has all its messages in it, and is missing where the inputs were erased; `decision` is
    the one that stands, `spent` (EUR) what it has taken from the automatic certificate.
    """

    standing: Standing
    case: CaseClassified | None
    thought: Thought
    decision: Decision | None
    spent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Check:
    """A claim that the bank's systems are asked about, or were."""

    verification_id: UUID
    case_id: UUID
    customer_id: str
    purpose: Literal["background", "first"]
    checkable: bool
    asked_at: datetime
    answer_by: datetime
    request: str
    cause_id: UUID
    traceparent: str | None = None
    answer: str | None = None
    overdue: bool = False
    euros: Decimal = Decimal(0)
    """What was granted on trust."""
    remedies: str = "[]"


@dataclass(frozen=True, slots=True)
class Deliberated:
    """One deliberation: which entry of the batch it is, and of what."""

    entry: int
    case: CaseClassified
    outcome: Outcome
    thought: Thought


@dataclass(frozen=True, slots=True)
class Said:
    """An event to be said of the case."""

    topic: Topic
    event: Event


@dataclass(slots=True)
class Work:
    """Everything that a batch does, gathered before any of it is written."""

    dossiers: dict[UUID, Dossier] = field(default_factory=dict)
    changed: dict[UUID, None] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    deliberated: list[Deliberated] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    answered: dict[UUID, "Answered"] = field(default_factory=dict)
    settled: dict[UUID, tuple[str, datetime]] = field(default_factory=dict)
    """Grants of the ledger, by verification: their new state, and since when."""
    causes: dict[UUID, tuple[UUID, str | None]] = field(default_factory=dict)
    """By case: the event that something was done for first, and its trace."""
    plans: dict[UUID, Planned] = field(default_factory=dict)
    """The clocks of cases that come to people, planned once."""
    spent: Decimal = Decimal(0)
    grants: int = 0

    def log(self, entry: Entry) -> int:
        """Add an entry and return the place that stands for it until it is written."""
        self.entries.append(entry)
        return -len(self.entries)

    def put(self, dossier: Dossier) -> None:
        """Let a case stand so from now on."""
        self.dossiers[dossier.standing.case_id] = dossier
        self.changed[dossier.standing.case_id] = None

    def rows(self, positions: list[int]) -> list[Standing]:
        """Return the cases that changed, with the places that their entries were given."""

        def place(found: int | None) -> int | None:
            return positions[-found - 1] if found is not None and found < 0 else found

        return [
            replace(
                row,
                decided_position=place(row.decided_position),
                thought_position=place(row.thought_position),
            )
            for row in (self.dossiers[case_id].standing for case_id in self.changed)
        ]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the bank's systems said of a claim."""

    answer: Literal["verified", "contradicted", "unknown"]
    evidence: str | None
    at: datetime
