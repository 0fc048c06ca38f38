"""What a pack says about one deadline, as typed data. A bank changes packs, not this module.

An unknown key or a limit that is not positive is refused here.
"""

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class Part(BaseModel):
    """A frozen value that knows every one of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _quoted(value: object) -> object:
    """Refuse 17:00 without quotes, which YAML reads as the number 1020."""
    if value is None or isinstance(value, str | time):
        return value
    raise ValueError('write a time of day in quotes: "17:00"')


TimeOfDay = Annotated[time | None, BeforeValidator(_quoted)]


class Unit(StrEnum):
    """How a limit counts. Weeks and months are calendar time."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"
    WEEKS = "weeks"
    MONTHS = "months"


class Limit(Part):
    """A length of time, counted from the day after day 0 (hours: from the instant)."""

    amount: Annotated[int, Field(gt=0)]
    unit: Unit


class Buffer(Part):
    """What must be left of a limit for sending the answer."""

    amount: Annotated[int, Field(ge=0)]
    unit: Literal[Unit.HOURS, Unit.BUSINESS_DAYS]


class Confidence(StrEnum):
    """How sure we are of a pack; the desk shows it so that a lawyer can confirm or change it."""

    RULE_READ = "V"
    SUMMARY = "S"
    GENERAL = "K"
    OWN = "own"


class Kind(StrEnum):
    """What sort of clock a pack sets."""

    STATUTORY = "statutory"
    OPTION = "option"
    PROMISE = "promise"
    INTERNAL = "internal"


class Role(StrEnum):
    """What is due. For each role a case has the one clock of the most special pack that fits."""

    ANSWER = "answer"
    REFUND = "refund"
    SUMMARY = "summary"
    REIMBURSEMENT = "reimbursement"
    ERROR = "error"
    PROMISE = "promise"
    INTERNAL = "internal"


class Matter(StrEnum):
    """What a pack is for, the most special first."""

    UNAUTHORISED = "unauthorised_payment"
    SCAM = "authorised_scam"
    QUESTION = "question"
    PAYMENT_SERVICE = "payment_service"
    ANY = "any"


class LetterPart(StrEnum):
    """What a holding letter must contain, apart from the new date."""

    REASON = "reason"
    FACTS_TO_ESTABLISH = "facts_to_establish"
    PROVISIONAL_CREDIT = "provisional_credit"
    OMBUDSMAN_RIGHTS = "ombudsman_rights"
    STATUS = "status"


class PauseReason(StrEnum):
    """What may stop a clock, where a pack allows it at all."""

    INFORMATION_ASKED = "information_asked"
    FRAUD_REPORTED_IN_WRITING = "fraud_reported_in_writing"


class LateEffect(StrEnum):
    """What the law attaches to lateness. None of them is a decision of the bank."""

    NONE = "none"
    DEEMED_ACCEPTED = "deemed_accepted"
    OMBUDSMAN_RIGHTS = "ombudsman_rights"
    FINAL_RESPONSE_OWED = "final_response_owed"
    REGULATOR_DECIDES = "regulator_decides"


class Extension(Part):
    """One extension, before expiry, with reasons and a date. `until` counts from receipt."""

    until: Limit
    letter: Annotated[tuple[LetterPart, ...], Field(min_length=1)]
    rule: str


class Pause(Part):
    """What stops the clock, and the limit from receipt that holds even so."""

    reasons: Annotated[tuple[PauseReason, ...], Field(min_length=1)]
    until: Limit
    rule: str


class Lateness(Part):
    """The effect of lateness, as a code and in words."""

    effect: LateEffect
    text: str


class Acknowledge(Part):
    """When the receipt of a case must be acknowledged, and what the message must say."""

    within: Limit
    contains: tuple[str, ...] = ()


class Told(Part):
    """How many dates the warnings of a case tell that are followed by another warning at most.

    `dates`: with the last of them, the ladder is `last_ladder`, which warns nobody again and calls
    people on every rung.
    """

    dates: Annotated[int, Field(gt=0)]
    last_ladder: str


class Pack(Part):
    """One deadline of one jurisdiction. Conditions that data cannot hold stand in `note`."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    version: str
    title: str
    source: str
    confidence: Confidence
    kind: Kind
    role: Role
    place: Annotated[str, Field(pattern=r"^([A-Z]{2}|EEA|any)$")]
    matter: Matter = Matter.ANY
    calendar: str
    day_zero: Literal["receipt", "registration"] = Field(
        default="receipt",
        description="What the rule counts from. For a lawyer to read, it moves nothing: a case is "
        "registered the moment it is received",
    )
    limit: Limit | None = Field(description="None only for a promise: its date is the deadline")
    cut_off: TimeOfDay = Field(
        default=None,
        description="Arrivals from then on count as the next day; business days: the next of those",
    )
    closes: TimeOfDay = Field(
        default=None,
        description="The last day ends then, not at midnight; so does one that is moved",
    )
    met_by: Literal["dispatch", "receipt"] = Field(
        description="What must happen within the limit. For a lawyer to read, it moves nothing: "
        "the time that this takes stands in `dispatch_buffer`"
    )
    dispatch_buffer: Buffer
    acknowledge: Acknowledge | None = None
    extension: Extension | None = None
    no_extension: str = "the pack allows no extension"
    pause: Pause | None = None
    no_pause: str = "waiting for the customer does not stop this clock"
    holding_letter: tuple[LetterPart, ...] = ()
    warned_date: Limit = Field(
        default=Limit(amount=2, unit=Unit.BUSINESS_DAYS),
        description="After the deadline: the new date of a warning where no person named one",
    )
    lateness: Lateness
    ladder: str
    told: Told | None = Field(
        default=None, description="Of a promise: what holds for dates that a warning told"
    )
    note: str = ""

    @model_validator(mode="after")
    def _only_a_promise_brings_its_own_date(self) -> Self:
        if (self.limit is None) != (self.kind is Kind.PROMISE):
            raise ValueError("limit: every pack but that of promises needs one")
        if (self.told is not None) != (self.kind is Kind.PROMISE):
            raise ValueError("told: a pack of promises needs it, and no other has it")
        for field in ("cut_off", "closes"):
            moment: time | None = getattr(self, field)
            if moment is not None and moment.tzinfo is not None:
                raise ValueError(
                    f"{field}: is a time of day in the calendar's zone, without offset"
                )
            if moment is not None and (self.limit is None or self.limit.unit is Unit.HOURS):
                raise ValueError(f"{field}: means nothing where the limit does not count days")
        return self
