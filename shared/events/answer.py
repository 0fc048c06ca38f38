"""What an answer consists of: disposition, basis, remedies. Knows nothing of tone and pressure."""

from enum import StrEnum
from typing import Literal

from shared.events.base import Model, Money


class Disposition(StrEnum):
    """The answer on the merits."""

    UPHELD = "upheld"
    GOODWILL = "goodwill"
    PARTLY_UPHELD = "partly_upheld"
    DECLINED = "declined"
    SERVICE_ENDED = "service_ended"


class Basis(StrEnum):
    """Why. There is no basis `deadline`, and there never will be."""

    ENTITLEMENT = "entitlement"
    TRUST = "trust"
    GOODWILL = "goodwill"
    CONTRACT = "contract"
    PERSON = "person"


class RemedyKind(StrEnum):
    """Prepared answers of the compensation matrix."""

    REFUND = "refund"
    FEE_WAIVER = "fee_waiver"
    RESTORED_GRACE = "restored_grace"
    CREDIT = "credit"
    EXPEDITE = "expedite"
    ALTERNATIVE = "alternative"
    APOLOGY = "apology"
    EXPLANATION = "explanation"
    TRACE = "trace"
    CHARGEBACK = "chargeback"
    LETTER = "letter"
    BOUNDARY = "boundary"


class Remedy(Model):
    """One remedy of an answer."""

    kind: RemedyKind
    money: Money | None = None
    share: Literal["entitlement", "goodwill"] = "entitlement"
