"""Says which cases look like those of a cause, and what they would be with it. Pure.

Invariant: likeness is a matter of facts, category, product and dates, never of how anybody wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from shared.events.case import Category, Facts, Product
from shared.events.catalogue import CaseClassified
from shared.events.fault import Fault
from shared.events.tags import FaultTag

_DAY: Final = timedelta(days=1)
# People notice a fee on their next statement: what looks alike may be so much older.
LOOK_BACK: Final = timedelta(days=180)

Likeness: TypeAlias = Literal["incident_window", "incident_days", "promised_days", "same_matter"]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time of one incident; open where an end is not known."""

    incident: str
    since: datetime | None
    until: datetime | None

    def covers(self, moment: datetime) -> bool:
        after = self.since is None or self.since <= moment
        return after and (self.until is None or moment <= self.until)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the cases of one cause have in common."""

    categories: frozenset[Category]
    products: frozenset[Product | None]
    countries: frozenset[str | None]
    windows: tuple[Window, ...]
    incidents: tuple[str, ...]
    promised: tuple[datetime, datetime] | None
    first_at: datetime
    last_at: datetime

    @property
    def since(self) -> datetime:
        """The earliest receipt of a case that may look alike."""
        moments = [window.since for window in self.windows if window.since is not None]
        return min([self.first_at, *moments]) - LOOK_BACK


def pattern_of(cases: Sequence[CaseClassified]) -> Pattern | None:
    """Return what cases have in common; nothing where there is none."""
    if not cases:
        return None
    received = [case.received_at for case in cases]
    promised = sorted(c.facts.promised_by for c in cases if c.facts.promised_by is not None)
    named = {_window(case.facts) for case in cases} - {None}
    windows = [window for window in named if window is not None]
    return Pattern(
        frozenset(case.category for case in cases),
        frozenset(case.product for case in cases),
        frozenset(case.jurisdiction for case in cases),
        tuple(sorted((w for w in windows if w.since or w.until), key=str)),
        tuple(sorted({window.incident for window in windows})),
        (promised[0], promised[-1]) if promised else None,
        min(received),
        max(received),
    )


def likeness(case: CaseClassified, pattern: Pattern) -> Likeness | None:
    """Say in what a case looks like those of the pattern; nothing where it does not."""
    if case.category not in pattern.categories:
        return None
    moment = _moment(case)
    if pattern.incidents:
        if case.facts.incident is not None and case.facts.incident not in pattern.incidents:
            return None
        if pattern.windows:
            covered = any(window.covers(moment) for window in pattern.windows)
            return "incident_window" if covered else None
        near = pattern.first_at - _DAY <= moment <= pattern.last_at + _DAY
        return "incident_days" if near else None
    if pattern.promised is not None:
        promised, (first, last) = case.facts.promised_by, pattern.promised
        alike = promised is not None and first - _DAY <= promised <= last + _DAY
        return "promised_days" if alike else None
    same = case.product in pattern.products and case.jurisdiction in pattern.countries
    return "same_matter" if same and case.received_at >= pattern.since else None


def with_cause(case: CaseClassified, pattern: Pattern) -> CaseClassified:
    """Return the case as it would have been told, had the cause been known then."""
    fault = FaultTag(value=Fault.COMPANY, confidence=1.0)
    tags = case.tags.model_copy(update={"fault": fault})
    facts = case.facts
    if pattern.incidents:
        window = next((w for w in pattern.windows if w.covers(_moment(case))), None)
        known = window or Window(pattern.incidents[0], None, None)
        facts = facts.model_copy(
            update={
                "incident": known.incident,
                "incident_from": known.since,
                "incident_to": known.until,
            }
        )
    return case.model_copy(update={"tags": tags, "facts": facts})


def _window(facts: Facts) -> Window | None:
    if facts.incident is None:
        return None
    return Window(facts.incident, facts.incident_from, facts.incident_to)


def _moment(case: CaseClassified) -> datetime:
    """Return when it happened, as far as the bank's systems know."""
    return case.facts.due_at or case.facts.paid_at or case.received_at
