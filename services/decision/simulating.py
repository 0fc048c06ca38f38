"""Backtest of a policy: the same cases under two policies, and who would be treated differently.

Pure. Invariant: each policy runs its own history forward. What it gives today counts tomorrow, so a
milder policy pays for its own second and third times. Only what a policy cannot change is taken
from the record: what the bank's systems answered, bursts, and the same story on many accounts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from services.decision.deliberation import Kind
from services.decision.merits.betters import is_better, is_worse
from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Decided
from services.decision.policy.model import Policy
from services.decision.treatment import Treatment, differs
from shared.events.catalogue import CaseClassified

YEAR: Final = timedelta(days=365)

Direction: TypeAlias = Literal["better", "worse", "other"]

_NEARNESS: Final[Mapping[Kind, int]] = {"decided": 0, "asked": 1, "verifying": 1, "referred": 2}
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sample:
    """A case to decide again, with what was known of it beside the customer's past."""

    case: CaseClassified
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True)
class Grant:
    """Goodwill for an own slip that a customer had before the first sample; EUR."""

    received_at: datetime
    euros: Decimal


@dataclass(frozen=True, slots=True)
class Past:
    """What customers had before the samples begin: goodwill, and claims trusted without a sign."""

    goodwill: Mapping[str, Sequence[Grant]] = field(default_factory=dict)
    unshown: Mapping[str, Sequence[datetime]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One case that the candidate treats differently.

    `times` are the customer's goodwill in the 12 months before, as each policy would have given it.
    """

    case: CaseClassified
    before: Treatment
    after: Treatment
    direction: Direction
    times: tuple[int, int]

    @property
    def euros(self) -> Decimal:
        """What the candidate grants more at once; negative: less."""
        return self.after.granted - self.before.granted


@dataclass(frozen=True, slots=True)
class Costs:
    """What a policy grants at once, by why; and what waits for a check, an answer or a person.

    In EUR; `unpriced` counts cases in a currency without a rate.
    """

    entitlement: Decimal = _ZERO
    goodwill: Decimal = _ZERO
    waiting: Decimal = _ZERO
    decided: int = 0
    unpriced: int = 0

    def with_(self, one: Treatment) -> "Costs":
        """Return these costs and one treatment more."""
        now = one.way == "decided"
        return Costs(
            self.entitlement + (one.entitlement if now else _ZERO),
            self.goodwill + (one.goodwill if now else _ZERO),
            self.waiting + (_ZERO if now else one.entitlement + one.goodwill),
            self.decided + now,
            self.unpriced + one.unpriced,
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """How many cases of a kind there are, and how many the candidate would move."""

    cases: int
    changed: int
    better: int
    worse: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a candidate would have changed."""

    cases: int
    changes: tuple[Change, ...]
    before: Costs
    after: Costs
    languages: Mapping[str, Counted]
    flags: Mapping[str, Counted]
    moves: Mapping[tuple[str, str], int]

    def movers(self, most: int) -> tuple[Change, ...]:
        """Return whom it moves most: by money first, then those who are worse off."""
        order = {"worse": 0, "better": 1, "other": 2}
        by_size = sorted(
            self.changes,
            key=lambda c: (-abs(c.euros), order[c.direction], c.case.received_at, c.case.case_id),
        )
        return tuple(by_size[:most])


def simulate(
    samples: Iterable[Sample],
    against: Policy,
    candidate: Policy,
    past: Past | None = None,
    step: Callable[[], object] = lambda: None,
) -> Report:
    """Decide all samples under both policies, in the order in which they were received.

    `step` is called after each, for whoever shows progress.
    """
    ordered = sorted(samples, key=lambda one: (one.case.received_at, one.case.case_id))
    old, new = _Run(against, past or Past()), _Run(candidate, past or Past())
    before, after = Costs(), Costs()
    changes: list[Change] = []
    for sample in ordered:
        was, times_before = old.treat(sample)
        now, times_after = new.treat(sample)
        before, after = before.with_(was), after.with_(now)
        if differs(was.outcome, now.outcome):
            direction = _direction(was, now, candidate)
            changes.append(Change(sample.case, was, now, direction, (times_before, times_after)))
        step()
    cases = [sample.case for sample in ordered]
    return Report(
        len(ordered),
        tuple(changes),
        before,
        after,
        _counted(cases, changes, lambda case: (case.language,)),
        _counted(cases, changes, lambda case: tuple(str(flag.value) for flag in case.tags.flags)),
        Counter((change.before.label, change.after.label) for change in changes),
    )


def why(change: Change) -> str:
    """Say in a line what made the difference: reasons, rules and rows, remedies, the past."""
    said = [change.before.because, change.after.because]
    parts = [said[1] if said[0] == said[1] else " → ".join(said)]
    before, after = change.before.remedies, change.after.remedies
    parts += [f"loses {', '.join(lost)}"] if (lost := sorted(before - after)) else []
    parts += [f"gains {', '.join(gained)}"] if (gained := sorted(after - before)) else []
    first, second = change.times
    parts += [f"goodwill before: {first} → {second} times"] if first != second else []
    return "; ".join(parts)


class _Run:
    """One policy on its way through the cases, with the history that it makes itself."""

    def __init__(self, policy: Policy, past: Past) -> None:
        self._policy = policy
        self._goodwill: defaultdict[str, list[Grant]] = defaultdict(list)
        self._unshown: defaultdict[str, list[datetime]] = defaultdict(list)
        self._seen: defaultdict[str, list[datetime]] = defaultdict(list)
        self._burst = timedelta(days=policy.abuse.lately.days)
        for customer, grants in past.goodwill.items():
            self._goodwill[customer] = list(grants)
        for customer, instants in past.unshown.items():
            self._unshown[customer] = list(instants)

    def treat(self, sample: Sample) -> tuple[Treatment, int]:
        """Decide one case; returns also how often its customer had goodwill before."""
        history = self._history(sample)
        known = sample.known.model_copy(update={"history": history, "left_today": None})
        outcome = decide(sample.case, known, self._policy)
        self._seen[sample.case.customer_id].append(sample.case.received_at)
        if isinstance(outcome, Decided):
            self._remember(sample.case, outcome)
        return Treatment.of(outcome), history.times

    def _history(self, sample: Sample) -> History:
        """Return what is recorded, with what this policy itself made of the customer's past."""
        at, customer = sample.case.received_at, sample.case.customer_id
        given = [g.euros for g in self._goodwill[customer] if abs(at - g.received_at) < YEAR]
        burst = sum(at - seen < self._burst for seen in self._seen[customer])
        return sample.known.history.model_copy(
            update={
                "times": len(given),
                "euros": sum(given, _ZERO),
                "trusted_unshown": sum(abs(at - on) < YEAR for on in self._unshown[customer]),
                "lately": max(sample.known.history.lately, burst),
            }
        )

    def _remember(self, case: CaseClassified, given: Decided) -> None:
        if given.answer.forgiven is not None:
            forgiven = Grant(case.received_at, given.answer.forgiven)
            self._goodwill[case.customer_id].append(forgiven)
        if given.check and not given.answer.checkable:
            self._unshown[case.customer_id].append(case.received_at)


def _direction(before: Treatment, after: Treatment, policy: Policy) -> Direction:
    if before.decision is not None and after.decision is not None:
        if is_worse(after.decision, before.decision, policy):
            return "worse"
        if is_better(after.decision, before.decision, policy):
            return "better"
    nearer = _NEARNESS[before.way] - _NEARNESS[after.way]
    return "better" if nearer > 0 else "worse" if nearer < 0 else "other"


def _counted(
    cases: Sequence[CaseClassified],
    changes: Sequence[Change],
    kinds: Callable[[CaseClassified], Iterable[str]],
) -> dict[str, Counted]:
    """Count cases and changes by kind; a case may be of several kinds, or of none."""
    every = Counter(kind for case in cases for kind in kinds(case))
    moved = Counter(
        (kind, direction)
        for change in changes
        for kind in kinds(change.case)
        for direction in ("any", change.direction)
    )
    return {
        kind: Counted(number, moved[kind, "any"], moved[kind, "better"], moved[kind, "worse"])
        for kind, number in sorted(every.items())
    }
