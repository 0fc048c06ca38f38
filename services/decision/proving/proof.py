"""The whole proof, in order: the matrices, the means, every kind of case, every amount and past."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.decision.merits.authority import may_grant
from services.decision.merits.decide import decide as decide_case
from services.decision.merits.known import Known
from services.decision.policy.model import Policy
from services.decision.proving.amounts import Amounts
from services.decision.proving.means import (
    Grants,
    authority_problems,
    currency_problems,
    delay_problems,
)
from services.decision.proving.outcomes import Decider
from services.decision.proving.problems import Kind, Problem, shown
from services.decision.proving.survey import Survey
from services.decision.proving.table import CELLS, masked_rows, table_problems, whereabouts
from shared.events.base import Money

_UNKNOWN: Final = "XTS"
"""The code that ISO 4217 keeps for tests; no policy has a rate for it."""
_EURO: Final = "EUR"
_HOLES: Final = {Kind.INCOMPLETE, Kind.GAP}
"""Where a matrix has holes, deciding by it would only find them again."""
_LITTLE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found, and what was looked at to find it.

    `cells` of the matrices were enumerated, `cases` decided; `formulas` were settled by z3 over
    every amount and past, for `kinds` of answers in `currencies`. `rows` answered a case.
    """

    problems: tuple[Problem, ...]
    cells: int
    cases: int
    kinds: int
    currencies: int
    formulas: int
    rows: tuple[str, ...]


def examine(policy: Policy, decide: Decider = decide_case, grants: Grants = may_grant) -> Proof:
    """Prove a policy with the code that decides by it, or that other code would be unfair."""
    places = whereabouts(policy)
    contexts = tuple(where.context for where in places if where.context is not None)
    problems = [
        *table_problems(policy, places),
        *currency_problems(policy),
        *delay_problems(policy),
        *authority_problems(policy, grants),
    ]
    survey = Survey(policy, decide, contexts, claims_of(policy))
    if not any(problem.kind in _HOLES for problem in problems):
        survey.run()
        problems += [*survey.problems.values(), *masked_rows(policy, survey.answering)]
    proofs = list(to_settle(survey))
    for proof in proofs:
        problems += _settled(proof)
    return Proof(
        problems=_first_of_each(problems),
        cells=len(CELLS) * len(policy.matrices),
        cases=survey.cases,
        kinds=len(survey.kinds),
        currencies=len(policy.per_euro),
        formulas=sum(proof.formulas for proof in proofs),
        rows=tuple(sorted(survey.answering)),
    )


def to_settle(survey: Survey) -> Iterator[Amounts]:
    """Take each row in euros, each that pays in each currency, each way of deciding with a past."""
    policy, decide = survey.policy, survey.decide
    others = [*(currency for currency in policy.per_euro if currency != _EURO), _UNKNOWN]
    paying = {
        f"{name}/{row.id}"
        for name, file in policy.matrices.items()
        for row in file.rows
        if any(remedy.money != "none" for remedy in row.remedies)
    }
    for row, (_, stuff) in survey.freest.items():
        for currency in (_EURO, *(others if row in paying else ())):
            yield Amounts(stuff, currency, policy, decide, past=False)
    ways = set()
    for kind, stuff in survey.kinds.items():
        if kind.way not in ways:
            ways.add(kind.way)
            yield Amounts(stuff, _EURO, policy, decide, past=True)


def _settled(proof: Amounts) -> Iterator[Problem]:
    try:
        yield from proof.problems()
    except Exception as error:  # noqa: BLE001 - whatever it is, this was not proved
        case = shown(proof.stuff.told(), Known())
        yield Problem(Kind.UNPROVED, f"decide: {type(error).__name__}", str(error), case)


def _first_of_each(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Keep one case for each kind and place."""
    firsts: dict[tuple[Kind, str], Problem] = {}
    for problem in problems:
        firsts.setdefault((problem.kind, problem.place), problem)
    return tuple(firsts.values())


def claims_of(policy: Policy) -> tuple[Money | None, ...]:
    """Return claims on each side of each bound, in currencies that go round, and one unknown."""
    limit, bounds = policy.certificates.automatic.per_case, policy.severity.euros
    sums = {_LITTLE, bounds.moderate, bounds.serious, limit, limit + _LITTLE, 50 * limit}
    rates = list(policy.per_euro.items())
    named = [
        Money(amount=(euros * rate).quantize(_LITTLE), currency=currency)
        for number, euros in enumerate(sorted(sums))
        for currency, rate in (rates[number % len(rates)],)
    ]
    return (None, *named, Money(amount=limit, currency=_UNKNOWN))
