"""Authority certificates in the database: nobody overspends one, however many desks they sit at.

Safe harbour: what is inside a certificate is granted by one person and is no exception report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from services.decision.desk.people import LADDER, Person
from services.decision.merits.authority import Authority, Beyond, may_grant
from services.decision.policy.model import Policy, Role, Situation
from shared.http.problems import ProblemError
from shared.postgres import Connection

UNKNOWN: Final = Decimal("1e12")
"""EUR that a sum counts where the policy knows no rate: more than any limit."""

# The row is locked until the transaction ends; whoever spends from it next sees what was spent.
_HOLD = """
INSERT INTO certificate_use AS u (holder, period, euros, times) VALUES ($1, $2, 0, 0)
ON CONFLICT (holder, period) DO UPDATE SET euros = u.euros
RETURNING euros
"""
_SPEND = """
UPDATE certificate_use SET euros = euros + $3, times = times + 1
 WHERE holder = $1 AND period = $2
"""
_SPENT = "SELECT euros, times FROM certificate_use WHERE holder = $1 AND period = $2"


@dataclass(frozen=True, slots=True)
class Spent:
    """What a person has granted this month."""

    euros: Decimal
    times: int


def period_of(now: datetime) -> str:
    """Return the month of an instant, as certificates count it (UTC)."""
    return f"{now:%Y-%m}"


async def spent(connection: Connection, person: str, now: datetime) -> Spent:
    """Return what a person has granted this month, without holding it."""
    row = await connection.fetchrow(_SPENT, person, period_of(now))
    return Spent(row["euros"], row["times"]) if row else Spent(Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class Stake:
    """What a decision asks of a certificate (EUR); nothing where a currency has no rate.

    `grants` counts against the month, `reaches` against the case: what is granted, or refused where
    the case is declined. `situations` are those of the case and of the row that was chosen: nobody
    escapes a narrower limit by choosing another row.
    """

    grants: Decimal | None
    reaches: Decimal | None
    situations: tuple[Situation, ...]


async def authority_of(
    tx: Connection, person: Person, stake: Stake, policy: Policy, now: datetime
) -> Authority:
    """Say whether a person may decide so; their certificate is held until the commit."""
    before = await tx.fetchval(_HOLD, person.id, period_of(now))
    month = _strictest(person.role, stake.grants, before, stake.situations, policy)
    if isinstance(month, Beyond):
        return month
    return _strictest(person.role, stake.reaches, Decimal(0), stake.situations, policy)


async def spend(tx: Connection, person: str, euros: Decimal | None, now: datetime) -> None:
    """Count a grant under a certificate that `authority_of` holds."""
    if euros:
        await tx.execute(_SPEND, person, period_of(now), euros)


def beyond(found: Beyond, stake: Stake, person: Person, policy: Policy) -> ProblemError:
    """Return what answers a decision beyond a certificate: it says who can."""
    above = LADDER[LADDER.index(person.role) + 1 :]
    able = [role for role in above if covers(role, stake.reaches, stake.situations, policy)]
    who = " or ".join(able) or "nobody alone"
    return ProblemError(
        403, f"Beyond your certificate ({person.role}: {found.reason}); {who} can decide it."
    )


def covers(
    role: Role, euros: Decimal | None, situations: Sequence[Situation], policy: Policy
) -> bool:
    """Say whether a role's certificate reaches so far, were nothing spent of it yet."""
    return not isinstance(_strictest(role, euros, Decimal(0), situations, policy), Beyond)


def _strictest(
    role: Role,
    euros: Decimal | None,
    before: Decimal,
    situations: Sequence[Situation],
    policy: Policy,
) -> Authority:
    """Return what holds in every one of the situations: the strictest answer counts."""
    asked = UNKNOWN if euros is None else euros
    answers = [may_grant(role, asked, before, each, policy) for each in situations]
    return next((each for each in answers if isinstance(each, Beyond)), answers[0])
