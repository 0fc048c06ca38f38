"""What people send to the desk, as models."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StrictInt

from services.decision.clock.model import LetterPart, PauseReason
from services.decision.policy.model import Situation
from shared.events.answer import Disposition, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import Queue
from shared.events.fault import Fault
from shared.events.tags import Flag, Pressure, Tone
from shared.http.fields import AmountField, CurrencyCode, plain, wrong
from shared.http.forms import Form

ANALYSIS: Final = 200
"""Characters that an analysis of one case has at least: a sentence is none."""

Version = Annotated[StrictInt, Field(ge=1, description="The version that you have seen")]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$", examples=["promise_broken"])]
Key = Annotated[str, Field(min_length=3, max_length=200), AfterValidator(plain)]


def _said(text: str) -> str:
    if text.isspace():
        raise wrong("is blank; write what you mean or leave the field out")
    return text


Letter = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(plain)]
Note = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_said)]


class VersionForm(Form):
    """The body of `take`, `release` and `done`."""

    version: Version


class HandOverForm(VersionForm):
    """The body of `hand-over`; there is no field for a reason, and none is asked."""

    queue: Queue | None = None


class MoneyForm(Form):
    """A sum."""

    currency: CurrencyCode
    amount: AmountField = Field(examples=["12.50"])

    def money(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)


class RemedyForm(Form):
    """One remedy; a sum where the remedy pays one."""

    kind: RemedyKind
    money: MoneyForm | None = None


Reasons = Annotated[tuple[Code, ...], Field(max_length=10)]


class DecideForm(VersionForm):
    """The body of `decide`. `situation` chooses the row of the matrix; default: the proposal's."""

    disposition: Disposition
    remedies: Annotated[tuple[RemedyForm, ...], Field(max_length=10)] = ()
    situation: Situation | None = None
    reasons: Reasons = ()
    note: Note | None = None


class EndServiceForm(VersionForm):
    """The body of `end-service`: why this one case cannot go on, and what brought it about."""

    analysis: Annotated[str, Field(max_length=20_000), AfterValidator(_said)]
    cause: Key
    reasons: Reasons = ()


class ClockForm(VersionForm):
    """The body of `resume`. `clock`: as the case shows it; default: the one for the answer."""

    clock: Annotated[str, Field(max_length=100)] | None = None


class ExtendForm(ClockForm):
    """The body of `extend`: the new last day, and the parts of the letter to the customer.

    Where the pack knows no extension and demands a letter, `new_date` is when an answer is expected
    and the deadline stays. `later`: the letter is kept, and goes out when its rung is due.
    """

    new_date: date
    reasons: Annotated[dict[LetterPart, Letter], Field(min_length=1)]
    later: bool = False


class ExpectForm(VersionForm):
    """The body of `expect`: when you expect to answer, and why not before."""

    by: AwareDatetime
    reason: Literal["high_demand", "facts_to_establish", "other_party", "checking", "other"]


class PauseForm(ClockForm):
    """The body of `pause`."""

    reason: PauseReason


class RootCauseForm(Form):
    """The body of `root-cause`: the key of what brought a lapse about, and what happened."""

    root_cause: Key
    finding: Note


class CauseForm(VersionForm):
    """The body of `cause`: the key of the root cause, as `GET /v1/desk/causes` shows keys."""

    cause: Key


class TagsForm(VersionForm):
    """The body of `tags`: what is right instead, and why; what is left out stays."""

    tone: Tone | None = None
    pressure: Pressure | None = None
    fault: Fault | None = None
    flags: Annotated[tuple[Flag, ...], Field(max_length=len(Flag))] | None = None
    note: Note


class AnswerForm(Form):
    """The body of an approval that is given."""

    note: Note | None = None


class RefuseForm(Form):
    """The body of an approval that is refused: the one who asked must know why."""

    note: Note


class TakeBackForm(VersionForm):
    """The body of `take-back`; `version` is the case's."""

    reasons: Annotated[tuple[Code, ...], Field(min_length=1, max_length=10)]
    note: Note | None = None


class ReviewForm(Form):
    """The body of a sample's review: what is to be learnt from it."""

    finding: Note
