"""What makes a policy unusable beyond a single field: gaps, doubles, parents that are not there.

Each flaw names its place in the data and how to mend it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from services.decision.policy.certificates import Role
from services.decision.policy.matrix import ROOT, Limits, MatrixFile, RemedySpec, Row, lineage
from services.decision.policy.model import Policy, Situation
from shared.events.answer import RemedyKind

Place: TypeAlias = tuple[str | int, ...]
_PAYS: Final = frozenset({RemedyKind.REFUND, RemedyKind.FEE_WAIVER, RemedyKind.CREDIT})


class Flaw(NamedTuple):
    """What is wrong, and where in the policy's data."""

    place: Place
    reason: str


def check(policy: Policy) -> Iterator[Flaw]:
    """Find what makes the policy unusable."""
    yield from _currencies(policy)
    yield from _certificates(policy)
    yield from _severity(policy)
    yield from _delay(policy)
    if ROOT not in policy.matrices:
        yield Flaw(("matrices",), f"there is no matrix {ROOT!r}; add matrices/{ROOT}.yaml")
        return
    parents = [*_parents(policy)]
    yield from parents
    for name, matrix in policy.matrices.items():
        yield from _rows(policy, name, matrix)
    if not parents:
        yield from _inheritance(policy)
        yield from _gaps(policy)


def _currencies(policy: Policy) -> Iterator[Flaw]:
    if policy.per_euro.get("EUR") != 1:
        yield Flaw(("per_euro", "EUR"), "must be 1: everything is compared in EUR")
    for country, currency in policy.currency_of.items():
        if currency not in policy.per_euro:
            yield Flaw(("currency_of", country), _no_rate(currency))
    for currency, amount in policy.extra.sums.items():
        rate = policy.per_euro.get(currency)
        if rate is None:
            yield Flaw(("extra", "sums", currency), _no_rate(currency))
        elif amount / rate > policy.extra.limit:
            yield Flaw(
                ("extra", "sums", currency),
                f"is more than extra.limit ({policy.extra.limit} EUR); lower it",
            )
    for currency in policy.per_euro.keys() - policy.extra.sums.keys():
        yield Flaw(("extra", "sums"), f"{currency} is missing; give its sum")


def _no_rate(currency: str) -> str:
    return f"{currency} has no rate; add it to per_euro"


def _certificates(policy: Policy) -> Iterator[Flaw]:
    automatic = policy.certificates.automatic
    if automatic.per_day < automatic.per_case:
        yield Flaw(("certificates", "automatic", "per_day"), "must cover one case (per_case)")
    for lower, higher in zip(list(Role)[:-1], list(Role)[1:], strict=True):
        less, more = policy.certificates.of(lower), policy.certificates.of(higher)
        pairs = [("per_month", less.per_month, more.per_month)]
        pairs += [("per_case", less.per_case, more.per_case)]
        narrowed = (each for each in Situation if each in more.situations)
        pairs += [(f"situations.{each}", less.limit(each), more.limit(each)) for each in narrowed]
        for field, small, large in pairs:
            if large is not None and (small is None or small > large):
                yield Flaw(
                    ("certificates", higher.value, *field.split(".")),
                    f"is less than that of {lower}; a higher role may grant at least as much",
                )


def _severity(policy: Policy) -> Iterator[Flaw]:
    for name in ("slip_hours", "delay_days", "euros"):
        bounds = getattr(policy.severity, name)
        if bounds.serious < bounds.moderate:
            yield Flaw(("severity", name, "serious"), "must not be less than `moderate`; raise it")


def _delay(policy: Policy) -> Iterator[Flaw]:
    """Hold what is given for a delay to the limits of all that is given and not owed."""
    if policy.delay is None:
        return
    for currency, amount in policy.delay.sums.items():
        place = ("delay", "sums", currency)
        rate = policy.per_euro.get(currency)
        if rate is None:
            yield Flaw(place, _no_rate(currency))
            continue
        extra = policy.extra.sums.get(currency, 0)
        if (amount + extra) / rate > policy.extra.limit:
            limit = policy.extra.limit
            yield Flaw(place, f"with the extra is more than extra.limit ({limit} EUR); lower it")
        if amount * policy.delay.times / rate > policy.goodwill.total:
            total = policy.goodwill.total
            yield Flaw(place, f"times delay.times is more than goodwill.total ({total} EUR)")
        if amount / rate > policy.certificates.automatic.per_case:
            yield Flaw(place, "is more than the automatic certificate of a case; lower it")
    for currency in policy.per_euro.keys() - policy.delay.sums.keys():
        yield Flaw(("delay", "sums"), f"{currency} is missing; give its sum")


def _parents(policy: Policy) -> Iterator[Flaw]:
    for name, matrix in policy.matrices.items():
        place = ("matrices", name, "extends")
        if name == ROOT:
            if matrix.extends is not None or matrix.applies.specificity or matrix.remove:
                yield Flaw(
                    ("matrices", name),
                    "answers every case: it may not extend, remove or apply to some only",
                )
        elif matrix.extends is None:
            yield Flaw(("matrices", name), f"extends is missing; write `extends: {ROOT}`")
        elif matrix.extends not in policy.matrices:
            known = ", ".join(sorted(policy.matrices))
            yield Flaw(place, f"there is no matrix {matrix.extends!r}; there are {known}")
        elif policy.matrices[lineage(name, policy.matrices)[-1]].extends is not None:
            ring = " → ".join(lineage(name, policy.matrices))
            yield Flaw(place, f"goes round in a ring ({ring}); let one extend {ROOT}")


def _rows(policy: Policy, name: str, matrix: MatrixFile) -> Iterator[Flaw]:
    ids = Counter(row.id for row in matrix.rows)
    for index, row in enumerate(matrix.rows):
        place = ("matrices", name, "rows", index)
        if ids[row.id] > 1:
            yield Flaw((*place, "id"), f"{row.id} stands {ids[row.id]} times; give each its own")
        for part in ("remedies", "alternatives"):
            for number, spec in enumerate(getattr(row, part)):
                for flaw in _remedy(policy, row, spec):
                    yield Flaw((*place, part, number, *flaw.place), flaw.reason)


def _remedy(policy: Policy, row: Row, spec: RemedySpec) -> Iterator[Flaw]:
    if spec.kind is RemedyKind.BOUNDARY:
        yield Flaw(
            ("kind",), "a boundary follows conduct alone and is no remedy of a row; remove it"
        )
    if spec.money == "claim" and not spec.cost and not spec.if_claimed:
        yield Flaw(("cost",), "money: claim needs a cost, which counts where no sum is named")
    if spec.money != "none" and spec.kind not in _PAYS:
        yield Flaw(("money",), f"{spec.kind} pays nothing; write `money: none`")
    if spec.money == "claim" and row.situation is Situation.THIRD_PARTY:
        yield Flaw(("money",), "what others hold is not the bank's to pay; write `money: none`")
    if spec.limit is not None:
        yield from _limits(policy, spec.limit)


def _limits(policy: Policy, limits: Limits) -> Iterator[Flaw]:
    for currency in sorted(policy.per_euro.keys() - limits.keys()):
        yield Flaw(("limit",), f"{currency} is missing; give its limit")
    for currency in sorted(limits.keys() - policy.per_euro.keys()):
        yield Flaw(("limit", currency), _no_rate(currency))


def _inheritance(policy: Policy) -> Iterator[Flaw]:
    for name, matrix in policy.matrices.items():
        inherited: dict[str, Row] = {}
        for origin in reversed(lineage(name, policy.matrices)[1:]):
            for removed in policy.matrices[origin].remove:
                inherited.pop(removed, None)
            inherited |= {row.id: row for row in policy.matrices[origin].rows}
        for index, removed in enumerate(matrix.remove):
            if removed not in inherited:
                yield Flaw(
                    ("matrices", name, "remove", index), f"there is no row {removed!r} to remove"
                )
        for index, row in enumerate(matrix.rows):
            before = inherited.get(row.id)
            if before is not None and before.situation is not row.situation:
                yield Flaw(
                    ("matrices", name, "rows", index, "situation"),
                    f"row {row.id} that it replaces is for {before.situation}; use another id",
                )


def _gaps(policy: Policy) -> Iterator[Flaw]:
    for name in policy.matrices:
        answered = {
            placed.row.situation
            for placed in policy.matrix(name).rows
            if placed.row.specificity == 0
        }
        for situation in Situation:
            if situation not in answered:
                yield Flaw(
                    ("matrices", name, "rows"),
                    f"no row answers every {situation}; add one without category and severity",
                )
