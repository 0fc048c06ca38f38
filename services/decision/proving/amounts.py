"""Amounts and pasts without end: the real `decide` runs on numbers that stand for all of them.

For each kind of answer, in each currency, z3 proves over every claim, every past and every rest of
the day what duties.py demands. Each way through the code is then met with a real case, decided for
real: where the two differ, nothing is proved.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import z3

from services.decision.merits.known import Known
from services.decision.merits.outcome import Outcome
from services.decision.policy.model import Policy
from services.decision.proving.duties import duties
from services.decision.proving.outcomes import Decider, answer_of, is_granted, road_of
from services.decision.proving.pasts import bettered, is_sooner
from services.decision.proving.problems import Kind, Problem, place_of, shown
from services.decision.proving.space import Stuff
from services.decision.proving.symbols import Path, UndecidedError, exact, met, paths
from services.decision.proving.unknowns import Unknowns, larger, worse
from shared.events.answer import Remedy
from shared.events.base import Money
from shared.events.catalogue import CaseClassified

Way: TypeAlias = Path[Outcome]


@dataclass(slots=True)
class Amounts:
    """The proof for one kind of case in one currency. `formulas` counts what z3 was asked."""

    stuff: Stuff
    currency: str
    policy: Policy
    decide: Decider
    past: bool
    """Every past, or only a clean one."""
    formulas: int = 0

    def problems(self) -> Iterator[Problem]:
        """Prove what must hold of each answer, and of each two of them."""
        one, two = (Unknowns.named(suffix, clean=not self.past) for suffix in ("", "'"))
        ways = list(self._ways(one))
        for way in ways:
            yield from self._dutiful(way, one)
            yield from self._met(way, one)
        before = _alike(ways)
        # The amounts of an answer follow from its claim; compared are answers to the same claim.
        after = [Path(two.instead_of(one, way.when), way.result) for way in before]
        for first, second in product(before, after):
            if self.past:
                yield from self._past(first, second, one, two)
            yield from self._claim(first, second, one, two)

    def _ways(self, of: Unknowns) -> Iterator[Way]:
        case = self.stuff.claiming(of.money(self.currency)).told()
        known = of.known()
        return paths(lambda: self.decide(case, known, self.policy), of.possible)

    def _dutiful(self, way: Way, of: Unknowns) -> Iterator[Problem]:
        elsewhere = self.stuff.category in self.policy.principal
        due = list(duties(way.result, of, self.currency, self.policy, elsewhere=elsewhere))
        try:
            found = self._refuted(way, of, z3.And(*(duty.formula for duty in due)))
        except UndecidedError as error:
            yield self._problem(Kind.UNPROVED, str(error), way.result, self.stuff.told(), Known())
            return
        if found is None:
            return
        for duty in due:
            if not z3.is_true(found.eval(duty.formula, model_completion=True)):
                yield self._problem(duty.kind, duty.text, way.result, *self._case(found, of))

    def _refuted(self, way: Way, of: Unknowns, formula: Any) -> Any:  # noqa: ANN401 - z3 has no types
        """Return a model of this way without the formula; where that is too hard, a plain one."""
        try:
            return self._find(*way.when, z3.Not(formula))
        except UndecidedError:
            plain = self._find(*way.when, z3.Not(formula), *of.plain)
            if plain is None:
                raise
            return plain

    def _met(self, way: Way, of: Unknowns) -> Iterator[Problem]:
        """Hold one case of this way against what the code makes of it without symbols."""
        model = self._find(*way.when)
        if model is None:
            return
        case, known = self._case(model, of)
        real = self.decide(case, known, self.policy)
        if not _agree(way.result, real, model):
            text = "the code decides a case otherwise than on the numbers of its proof"
            yield self._problem(Kind.UNPROVED, text, real, case, known)

    def _past(self, before: Way, after: Way, one: Unknowns, two: Unknowns) -> Iterator[Problem]:
        given = worse(one, two)
        for end in paths(lambda: bettered(before.result, after.result, self.policy), given):
            if end.result is None:
                continue
            found = self._find(*before.when, *after.when, *end.when)
            if found is not None:
                kind, text = end.result
                yield self._problem(kind, text, after.result, *self._case(found, two))

    def _claim(self, before: Way, after: Way, one: Unknowns, two: Unknowns) -> Iterator[Problem]:
        # Whoever is refused sooner has nothing of it.
        sooner = is_sooner(before.result, after.result) and is_granted(answer_of(after.result))
        if not sooner:
            return
        found = self._find(*before.when, *after.when, *larger(one, two))
        if found is not None:
            text = "a smaller claim waits longer than this larger one"
            yield self._problem(Kind.LARGER_CLAIM, text, after.result, *self._case(found, two))

    def _case(self, model: Any, of: Unknowns) -> tuple[CaseClassified, Known]:  # noqa: ANN401 - z3 has no types
        claim, known = of.met(model, self.currency)
        return self.stuff.claiming(claim).told(), known

    def _problem(
        self, kind: Kind, text: str, outcome: Outcome, case: CaseClassified, known: Known
    ) -> Problem:
        return Problem(kind, place_of(answer_of(outcome)), text, shown(case, known))

    def _find(self, *formulas: Any) -> Any:  # noqa: ANN401 - z3 has no types
        self.formulas += 1
        return met(formulas)


def _alike(ways: Iterable[Way]) -> list[Way]:
    """Put together the ways to outcomes that differ in nothing that is compared."""
    groups: dict[str, list[Way]] = {}
    for way in ways:
        answer = answer_of(way.result)
        look: list[object] = [road_of(way.result)]
        if answer is not None:
            decision = answer.decision
            look += [decision.disposition, decision.basis, answer.situation]
            look += [
                (remedy.kind, remedy.share, remedy.money and _told(remedy.money))
                for remedy in decision.remedies
            ]
        groups.setdefault(repr(look), []).append(way)
    return [
        Path((z3.Or(*(z3.And(*way.when) for way in group)),), group[0].result)
        for group in groups.values()
    ]


def _told(money: Money) -> tuple[str, str]:
    return money.currency, str(exact(money.amount))


def _agree(proved: Outcome, real: Outcome, model: Any) -> bool:  # noqa: ANN401 - z3 has no types
    """Say whether the code on plain numbers does what it did on those of the proof."""
    one, two = answer_of(proved), answer_of(real)
    if road_of(proved) != road_of(real) or (one is None) is not (two is None):
        return False
    if one is None or two is None:
        return True
    before, after = one.decision, two.decision
    if (before.disposition, before.basis, before.rule, before.row, before.reasons) != (
        after.disposition,
        after.basis,
        after.rule,
        after.row,
        after.reasons,
    ):
        return False
    return len(before.remedies) == len(after.remedies) and all(
        _same(a, b, model) for a, b in zip(before.remedies, after.remedies, strict=True)
    )


def _same(proved: Remedy, real: Remedy, model: Any) -> bool:  # noqa: ANN401 - z3 has no types
    if (proved.kind, proved.share) != (real.kind, real.share):
        return False
    if proved.money is None or real.money is None:
        return proved.money is real.money
    if proved.money.currency != real.money.currency:
        return False
    difference = z3.simplify(
        model.eval(exact(proved.money.amount) - exact(real.money.amount), model_completion=True)
    )
    return bool(z3.is_true(z3.simplify(difference == 0)))
