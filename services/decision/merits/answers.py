"""What an answer of the policy is: a decision with what it costs and what was weighed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from services.decision.merits.trust import Scales
from services.decision.policy.model import Severity, Situation
from shared.events.answer import Disposition
from shared.events.catalogue import Decision

PolicyDisposition: TypeAlias = Literal[
    Disposition.UPHELD, Disposition.GOODWILL, Disposition.PARTLY_UPHELD, Disposition.DECLINED
]
"""What the policy can answer at all: ending a customer's service is not among it."""

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision with what it costs and what was weighed.

    `cost` (EUR) is what must fit a certificate: the amount claimed, granted or refused, else what
    the remedies cost; nothing where the policy knows no rate. `granted` (EUR) is the part of it
    that is really given. `forgiven` (EUR) is the own slip in it, which counts for 12 months;
    `waived` are the bank's own fees that followed from another's fault, which forgive no slip.
    `proven`: the bank's facts alone settle who erred. `doubt`: why a person must confirm it,
    whatever it costs, and `detail` what that person must see. `cause`: the suggested root cause
    where the company erred. `checkable`: the bank's systems could say whether the claim is true (a
    message that blames the company with nothing to check is tagged unclear, so what is tagged can
    be checked; what is unclear can be where the bank's systems know anything of it).
    """

    decision: Decision
    cost: Decimal | None
    forgiven: Decimal | None = None
    scales: Scales | None = None
    proven: bool = False
    doubt: str | None = None
    situation: Situation = Situation.UNCLEAR
    severity: Severity = Severity.SLIGHT
    cause: str | None = None
    checkable: bool = False
    granted: Decimal = _ZERO
    detail: tuple[str, ...] = ()
    over: bool = False
    waived: Decimal = _ZERO
