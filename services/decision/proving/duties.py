"""What must hold of an answer for every claim and every past, as formulas from the policy's data.

The formulas know the policy's rates, bounds and priors, and nothing of the code that decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import z3

from services.decision.merits.answers import Answer
from services.decision.merits.outcome import Decided, Outcome, Verifying
from services.decision.policy.model import Policy, RemedySpec, Situation
from services.decision.proving.outcomes import answer_of
from services.decision.proving.problems import Kind
from services.decision.proving.symbols import exact
from services.decision.proving.unknowns import Unknowns
from shared.events.answer import Basis, Disposition, RemedyKind

_ROUNDED: Final = Decimal("0.00005")
"""A chance is stored, and compared, with four places."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A formula that must hold, and what is broken where it does not."""

    kind: Kind
    formula: Any
    text: str


def duties(
    outcome: Outcome, of: Unknowns, currency: str, policy: Policy, *, elsewhere: bool = False
) -> Iterator[Duty]:
    """Say what must hold wherever this outcome is reached with a claim in this currency.

    `elsewhere`: the sum that is claimed is money that others hold, and not asked of the bank.
    """
    answer = answer_of(outcome)
    if answer is None:
        return
    rate = policy.per_euro.get(currency)
    if isinstance(outcome, Decided):
        claimed = None if rate is None else of.claimed / exact(rate)
        yield from _inside(answer, claimed, of, policy, elsewhere=elsewhere)
        yield from _paid(answer, claimed, policy)
    if answer.scales is not None and answer.cost is not None:
        yield from _weighed(outcome, answer, of, policy)
    if answer.forgiven is not None:
        yield from _within_the_year(answer.forgiven, of, policy)
        if answer.situation is not Situation.THIRD_PARTY:  # a waived fee forgives nobody's slip
            yield _not_too_often(of, policy)


def chance(of: Unknowns, policy: Policy, *, checkable: bool) -> Any:  # noqa: ANN401 - z3 has no types
    """Return how likely the claim is untrue, for every past (domain: "trust first")."""
    trust, abuse = policy.trust, policy.abuse
    prior = trust.untrue
    untrue = exact(prior.alpha) + of.count("contradicted")
    mean = untrue / (
        exact(prior.alpha) + exact(prior.beta) + of.count("verified") + of.count("contradicted")
    )
    factors = (
        exact(Decimal(1) if checkable else trust.without_checkable_content)
        * z3.If(of.count("lately") >= abuse.lately.cases, exact(abuse.lately.factor), exact(1))
        * z3.If(
            of.count("same_story") >= abuse.same_story.customers,
            exact(abuse.same_story.factor),
            exact(1),
        )
    )
    return z3.If(mean * factors < 1, mean * factors, exact(1))


def _inside(
    answer: Answer,
    claimed: Any,  # noqa: ANN401 - z3 has no types
    of: Unknowns,
    policy: Policy,
    *,
    elsewhere: bool,
) -> Iterator[Duty]:
    """Compare claim and cost with the certificate of a case and with what is left of the day.

    What is refused has to fit the certificate, and takes nothing from the day.
    """
    kind = Kind.BEYOND_CERTIFICATE
    limit = exact(policy.certificates.automatic.limit(answer.situation))
    if answer.cost is None:
        yield Duty(kind, z3.BoolVal(val=False), "decided automatically without a cost")
        return
    cost = exact(answer.cost)
    yield Duty(kind, cost <= limit, "more than the automatic certificate is granted")
    refused = answer.decision.disposition is Disposition.DECLINED
    today = exact(answer.granted) if refused else cost
    yield Duty(kind, today <= of.left_euros, "more than the day's certificate is granted")
    held_by_others = elsewhere or answer.situation is Situation.THIRD_PARTY
    if claimed is None:
        text = "decided automatically in a currency without a rate"
        yield Duty(kind, of.claim == 0, text)
    elif refused or not held_by_others:
        yield Duty(kind, claimed <= limit, "a claim beyond the automatic certificate is decided")


def _paid(answer: Answer, claimed: Any, policy: Policy) -> Iterator[Duty]:  # noqa: ANN401 - z3 has no types
    """Compare what is paid out with what was claimed, and each remedy with its own limit."""
    paid = exact(0)
    for remedy in answer.decision.remedies:
        if remedy.money is None:
            continue
        sum_, currency = exact(remedy.money.amount), remedy.money.currency
        euros = sum_ / exact(policy.per_euro[currency])
        spec = _spec(answer.decision.row, remedy.kind, policy)
        if spec is not None and spec.money == "extra":
            text = "the extra is more than the policy's limit for it"
            yield Duty(Kind.BEYOND_CERTIFICATE, euros <= exact(policy.extra.limit), text)
            continue
        paid += euros
        if spec is not None and spec.limit is not None:
            within = sum_ <= exact(spec.limit[currency])
            yield Duty(Kind.BEYOND_CERTIFICATE, within, f"{remedy.kind} is above its own limit")
    limit = exact(policy.certificates.automatic.limit(answer.situation))
    text = "the remedies together pay more than the automatic certificate"
    yield Duty(Kind.BEYOND_CERTIFICATE, paid <= limit, text)
    text = "the remedies together pay more than was claimed"
    if claimed is not None:
        yield Duty(Kind.BEYOND_CERTIFICATE, paid <= claimed, text)


def _spec(row: str | None, kind: RemedyKind, policy: Policy) -> RemedySpec | None:
    """Return what the policy's data say of a remedy of this row."""
    matrix, _, name = (row or "").partition("/")
    file = policy.matrices.get(matrix)
    rows = () if file is None else file.rows
    specs = (spec for each in rows if each.id == name for spec in each.remedies)
    return next((spec for spec in specs if spec.kind is kind), None)


def _weighed(outcome: Outcome, answer: Answer, of: Unknowns, policy: Policy) -> Iterator[Duty]:
    scales, cost = answer.scales, answer.cost
    if scales is None or cost is None:
        return
    checking = policy.trust.checking
    dear = exact(checking.staff + checking.delay_per_day * checking.days)
    likely, stored = chance(of, policy, checkable=answer.checkable), exact(scales.chance)
    loss = exact(cost) * stored
    told = "the costs that are stored are not those of the policy"
    near = z3.And(stored - likely <= exact(_ROUNDED), likely - stored <= exact(_ROUNDED))
    yield Duty(Kind.TRUST, near, "the chance that is stored is not that of the policy")
    yield Duty(Kind.TRUST, exact(scales.expected_loss) == loss, told)
    yield Duty(Kind.TRUST, exact(scales.cost_of_checking) == dear, told)
    if isinstance(outcome, Decided) and answer.decision.basis is Basis.TRUST:
        yield Duty(Kind.TRUST, loss <= dear, "a claim is trusted that is cheaper to check")
    if isinstance(outcome, Verifying):
        yield Duty(Kind.TRUST, loss > dear, "a claim waits for a check that is dearer than trust")


def _within_the_year(euros: Decimal, of: Unknowns, policy: Policy) -> Iterator[Duty]:
    """Take one step of the induction: what fits before still fits with this grant on top."""
    after = of.goodwill_euros + exact(euros)
    text = "goodwill of 12 months exceeds its sum"
    yield Duty(Kind.GOODWILL_SUM, after <= exact(policy.goodwill.total), text)


def _not_too_often(of: Unknowns, policy: Policy) -> Duty:
    limits, abuse = policy.goodwill, policy.abuse
    used = (
        of.count("times")
        + of.count("contradicted") * exact(limits.contradicted_takes)
        + _if(of.count("lately") >= abuse.lately.cases, abuse.lately.takes)
        + _if(of.count("same_story") >= abuse.same_story.customers, abuse.same_story.takes)
    )
    text = "goodwill is given more often than the policy allows"
    return Duty(Kind.GOODWILL_SUM, used < limits.times, text)


def _if(condition: Any, number: int) -> Any:  # noqa: ANN401 - z3 has no types
    return z3.If(condition, exact(number), exact(0))
