"""Certificates: how much the policy and each role of the desk may grant without asking.

A certificate is a safe harbour: whoever stays inside it is never asked why.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.decision.policy.matrix import Euros, Part, Situation


class Role(StrEnum):
    """Who holds a certificate; each may grant at least what the one before may."""

    CLERK = "clerk"
    SENIOR = "senior"
    HEAD = "head"
    EXECUTIVE = "executive"


class Certificate(Part):
    """The limits of one role in EUR; nothing means no limit.

    `situations` narrows a case's limit where this happened.
    """

    per_case: Euros | None = None
    per_month: Euros | None = None
    situations: dict[Situation, Euros] = Field(default_factory=dict)

    def limit(self, situation: Situation) -> Decimal | None:
        """Return the limit of one case (EUR) in this situation; nothing if there is none."""
        limits = [self.situations.get(situation), self.per_case]
        return min((limit for limit in limits if limit is not None), default=None)


class AutomaticCertificate(Part):
    """The limits (EUR) of what the policy grants with nobody looking."""

    per_case: Euros
    per_day: Euros
    situations: dict[Situation, Euros] = Field(default_factory=dict)

    def limit(self, situation: Situation) -> Decimal:
        """Return the limit of one case (EUR) in this situation."""
        narrower = self.situations.get(situation)
        return self.per_case if narrower is None else min(narrower, self.per_case)


class Certificates(Part):
    """Everybody's certificate."""

    automatic: AutomaticCertificate
    clerk: Certificate
    senior: Certificate
    head: Certificate
    executive: Certificate

    def of(self, role: Role) -> Certificate:
        """Return the certificate of a role."""
        return {
            Role.CLERK: self.clerk,
            Role.SENIOR: self.senior,
            Role.HEAD: self.head,
            Role.EXECUTIVE: self.executive,
        }[role]


Share = Annotated[Decimal, Field(ge=0, le=1)]
