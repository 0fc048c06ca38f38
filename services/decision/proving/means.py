"""Means: certificates that rise with the role, and currencies that are known wherever one is used.

Roles are compared with z3 over every sum and every month, through the code that lets people grant.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeAlias

import z3

from services.decision.in_return import offer_of
from services.decision.merits.authority import Allowed, Authority, Beyond, may_grant
from services.decision.policy.model import Policy, Role, Situation
from services.decision.proving.problems import Kind, Problem
from services.decision.proving.symbols import Number, Path, exact, met, paths
from services.decision.timing.rows import Offer, Origin

Grants: TypeAlias = Callable[[Role, Decimal, Decimal, Situation, Policy], Authority]
Gives: TypeAlias = Callable[[Policy, Origin], Offer | None]
_CENTS: Final = 100


def authority_problems(policy: Policy, grants: Grants = may_grant) -> Iterator[Problem]:
    """Look at the certificates of the policy, of each role, and of the desk as a whole."""
    automatic = policy.certificates.automatic
    if automatic.per_day < automatic.per_case:
        text = "a day allows less than one case"
        yield Problem(Kind.AUTHORITY, "certificates.automatic.per_day", text)
    if automatic.per_case > policy.two_people_from:
        text = "the policy alone grants what takes two people"
        case = {"euros": str(policy.two_people_from)}
        yield Problem(Kind.AUTHORITY, "certificates.automatic.per_case", text, case)
    for role in Role:
        yield from _one_role(role, policy)
    for situation in Situation:
        for lower, higher in pairwise(Role):
            yield from _rises(lower, higher, situation, policy, grants)
        yield from _at_least_the_policy(situation, policy, grants)
        yield from _covered(situation, policy, grants)
        yield from _alone_below_two(situation, policy, grants)


def delay_problems(policy: Policy, gives: Gives = offer_of) -> Iterator[Problem]:
    """Prove that what is given for a delay stays small, through the code that gives it.

    In every money that a case can have: with the extra within the extra's limit, in twelve months
    within goodwill's total, in one case within the automatic certificate.
    """
    cases = [Origin(currency=currency) for currency in sorted(policy.per_euro)]
    cases += [Origin(jurisdiction=country) for country in sorted(policy.currency_of)]
    for origin in (*cases, Origin()):
        offer = gives(policy, origin)
        if offer is None:
            continue
        currency = offer.remedy["money"]["currency"]
        extra = policy.extra_in(currency)
        with_extra = offer.euros + ((policy.in_euros(extra) if extra else None) or 0)
        bounds = (
            (with_extra, policy.extra.limit, "and the extra are more than extra.limit"),
            (
                offer.euros * offer.times,
                policy.goodwill.total,
                "add up to more than a year's goodwill",
            ),
            (offer.euros, policy.certificates.automatic.per_case, "is beyond the certificate"),
        )
        for euros, limit, text in bounds:
            if euros > limit:
                case = {"claim": {"amount": "1", "currency": currency}, "euros": str(euros)}
                place = f"delay.sums.{currency}"
                told = f"what is given for a delay {text} ({limit} EUR)"
                yield Problem(Kind.BEYOND_CERTIFICATE, place, told, case)


def currency_problems(policy: Policy) -> Iterator[Problem]:
    """Look for a currency without a rate, an extra or a limit."""
    known = policy.per_euro
    for country, currency in policy.currency_of.items():
        if currency not in known:
            yield _lacks(f"currency_of.{country}", currency, "a rate", {"jurisdiction": country})
    yield from _complete("extra.sums", policy.extra.sums, policy)
    for currency, money in policy.extra.sums.items():
        if currency in known and money / known[currency] > policy.extra.limit:
            text = f"{money} {currency} is more than {policy.extra.limit} EUR"
            case = {"claim": {"amount": "1", "currency": currency}}
            yield Problem(Kind.CURRENCY, f"extra.sums.{currency}", text, case)
    for name, file in policy.matrices.items():
        for row in file.rows:
            for remedy in (*row.remedies, *row.alternatives):
                if remedy.limit is not None:
                    place = f"matrices.{name}.{row.id}.{remedy.kind}.limit"
                    yield from _complete(place, remedy.limit, policy)


def _one_role(role: Role, policy: Policy) -> Iterator[Problem]:
    certificate = policy.certificates.of(role)
    place = f"certificates.{role}"
    case, month = certificate.per_case, certificate.per_month
    if month is not None and (case is None or month < case):
        yield Problem(Kind.AUTHORITY, f"{place}.per_month", "a month allows less than one case")
    if case is not None and case > policy.two_people_from:
        text = "reaches beyond the sum from which two people decide"
        yield Problem(Kind.AUTHORITY, f"{place}.per_case", text, {"euros": str(case)})
    for situation, limit in certificate.situations.items():
        if case is not None and limit > case:
            text = "wider than the certificate that it narrows"
            yield Problem(Kind.AUTHORITY, f"{place}.situations.{situation}", text)


def _rises(
    lower: Role, higher: Role, situation: Situation, policy: Policy, grants: Grants
) -> Iterator[Problem]:
    """Prove that whatever one role may grant, the next may grant as well."""
    for allowed in _ways(lower, situation, policy, grants, ()):
        if not isinstance(allowed.result, Allowed):
            continue
        for other in _ways(higher, situation, policy, grants, allowed.when):
            if not isinstance(other.result, Allowed):
                text = f"{higher} may not grant what {lower} may ({situation})"
                yield Problem(Kind.AUTHORITY, f"certificates.{higher}", text, _met(other.when))


def _at_least_the_policy(situation: Situation, policy: Policy, grants: Grants) -> Iterator[Problem]:
    """Prove that a clerk at the start of a month may grant what the policy grants by itself."""
    limit = policy.certificates.automatic.limit(situation)
    given = [_euros() <= exact(limit), _spent() == 0]
    for way in _ways(Role.CLERK, situation, policy, grants, given):
        if not isinstance(way.result, Allowed):
            text = f"a clerk may not grant what the policy grants by itself ({situation})"
            yield Problem(Kind.AUTHORITY, "certificates.clerk", text, _met(way.when))


def _covered(situation: Situation, policy: Policy, grants: Grants) -> Iterator[Problem]:
    """Prove that somebody may grant, alone or with a second, whatever the table can owe."""
    for way in _ways(Role.EXECUTIVE, situation, policy, grants, [_spent() == 0]):
        if isinstance(way.result, Beyond):
            text = f"nobody may grant what can be owed ({situation})"
            yield Problem(Kind.AUTHORITY, "certificates.executive", text, _met(way.when))


def _alone_below_two(situation: Situation, policy: Policy, grants: Grants) -> Iterator[Problem]:
    """Prove that nobody grants alone from the sum on that takes two people."""
    given = [_euros() >= exact(policy.two_people_from)]
    for role in Role:
        for way in _ways(role, situation, policy, grants, given):
            if isinstance(way.result, Allowed):
                text = f"{role} grants alone what takes two people ({situation})"
                yield Problem(Kind.AUTHORITY, f"certificates.{role}", text, _met(way.when))


def _ways(
    role: Role, situation: Situation, policy: Policy, grants: Grants, given: Sequence[Any]
) -> Iterator[Path[Authority]]:
    """Go through what this role may do with every sum, after every month."""
    euros: Any = Number(_euros())
    spent: Any = Number(_spent())
    possible = [_euros() >= 0, _spent() >= 0, *given]
    return paths(lambda: grants(role, euros, spent, situation, policy), possible)


def _met(when: Sequence[Any]) -> dict[str, str]:
    """Return a sum and a month that lead there."""
    model = met(when)
    return (
        {}
        if model is None
        else {
            name: str(Decimal(model.eval(z3.Int(name), model_completion=True).as_long()) / _CENTS)
            for name in ("euros", "spent")
        }
    )


def _euros() -> Any:  # noqa: ANN401 - z3 has no types
    return z3.ToReal(z3.Int("euros")) / _CENTS


def _spent() -> Any:  # noqa: ANN401 - z3 has no types
    return z3.ToReal(z3.Int("spent")) / _CENTS


def _complete(place: str, sums: Mapping[str, Decimal], policy: Policy) -> Iterator[Problem]:
    for currency in policy.per_euro:
        if currency not in sums:
            case = {"claim": {"amount": "1", "currency": currency}}
            yield _lacks(place, currency, "a sum", case)
    for currency in sums:
        if currency not in policy.per_euro:
            yield _lacks(place, currency, "a rate", {})


def _lacks(place: str, currency: str, what: str, case: Mapping[str, Any]) -> Problem:
    return Problem(Kind.CURRENCY, f"{place}.{currency}", f"{currency} lacks {what}", case)
