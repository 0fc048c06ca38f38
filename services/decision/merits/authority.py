"""Who may grant how much: certificates of people, and when a second person must agree. Pure.

Safe harbour: granting within one's own limits needs nobody else and is never an exception. Giving
less than the table, or refusing what it gives, does need a second person.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

from services.decision.merits.betters import is_worse
from services.decision.policy.certificates import Role
from services.decision.policy.model import Policy, Situation
from shared.events.answer import Disposition
from shared.events.catalogue import Decision

_ALL: Final = 2**64


@dataclass(frozen=True, slots=True)
class Allowed:
    """Inside the certificate: nobody else is needed."""


@dataclass(frozen=True, slots=True)
class NeedsSecond:
    """A second person must agree."""

    reason: str


@dataclass(frozen=True, slots=True)
class Beyond:
    """Beyond this role's certificate: a person with a higher one decides."""

    reason: str


Authority: TypeAlias = Allowed | NeedsSecond | Beyond


def may_grant(
    role: Role, euros: Decimal, spent_this_month: Decimal, situation: Situation, policy: Policy
) -> Authority:
    """Say whether this role may grant so many euros on its own."""
    certificate = policy.certificates.of(role)
    limit = certificate.limit(situation)
    if limit is not None and euros > limit:
        return Beyond("above_the_certificate")
    if certificate.per_month is not None and spent_this_month + euros > certificate.per_month:
        return Beyond("above_the_months_certificate")
    if euros >= policy.two_people_from:
        return NeedsSecond("two_people_from")
    return Allowed()


def role_for(euros: Decimal, situation: Situation, policy: Policy) -> Role | None:
    """Return the lowest role whose certificate covers a case of so many euros, if one does."""
    for role in Role:
        limit = policy.certificates.of(role).limit(situation)
        if limit is None or euros <= limit:
            return role
    return None


def needs_second(proposal: Decision | None, decision: Decision, policy: Policy) -> str | None:
    """Return why a second person must agree to what departs from the table; nothing if none.

    `proposal` is what the policy would have said; without one a refusal has no table behind it.
    """
    if decision.disposition is Disposition.SERVICE_ENDED:
        return "ends_the_service"
    declined = decision.disposition is Disposition.DECLINED
    if proposal is None:
        return "refuses_without_a_proposal" if declined else None
    if not is_worse(decision, proposal, policy):
        return None
    refuses = declined and proposal.disposition is not Disposition.DECLINED
    return "refuses_what_is_proposed" if refuses else "gives_less_than_proposed"


def is_sampled(case_id: UUID, policy: Policy) -> bool:
    """Say whether this case's decision is in the random share that is looked at to learn from.

    The same case is always in it or never: nobody can try again until it is not.
    """
    drawn = int.from_bytes(hashlib.sha256(case_id.bytes).digest()[:8])
    return drawn < policy.sample_share * _ALL
