"""What integrators send, as models: a body becomes a form, or the list of all that is wrong."""

from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic import model_validator as model_check
from pydantic_core import ErrorDetails

from services.intake import strict_json
from services.intake.fields import (
    AmountField,
    Code,
    Country,
    CurrencyCode,
    CustomerId,
    Email,
    InstantField,
    Language,
    Name,
    Phone,
    Text,
    Truth,
    Webhook,
    size_of,
    wrong,
)
from services.intake.flaws import Flaw, Invalid, Unreadable, path_of
from shared.events.case import Category, Channel, Contacts, Customer, Facts

AHEAD: Final = timedelta(minutes=5)
_OTHER_KEYS = 100
_OTHER_SIZE = 32 * 1024
_MOST_FLAWS = 50


class _Form(BaseModel):
    """Unknown keys are refused: a misspelt one would be ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ContactsForm(Contacts):
    """Where the customer can be told."""

    model_config = ConfigDict(extra="forbid")

    email: Email | None = None
    phone: Phone | None = None
    webhook: Webhook | None = None


class CustomerForm(Customer):
    """The customer as the channel knows them."""

    model_config = ConfigDict(extra="forbid")

    id: CustomerId
    name: Name | None = None
    language: Language | None = None
    jurisdiction: Country | None = None
    contacts: ContactsForm = ContactsForm()

    @field_validator("contacts", mode="before")
    @classmethod
    def _null_is_not_known(cls, value: Any) -> Any:  # noqa: ANN401 - JSON is any value
        return {} if value is None else value


class ClaimForm(_Form):
    """The sum that the customer asks for."""

    currency: CurrencyCode
    amount: AmountField = Field(examples=["12.50"])


class FactsForm(Facts):
    """What the bank's systems know; keys that are not known are kept apart in `other`."""

    model_config = ConfigDict(extra="forbid")

    due_at: InstantField | None = None
    paid_at: InstantField | None = None
    promised_by: InstantField | None = None
    delivered_at: InstantField | None = None
    terms_accepted: Truth | None = None
    rejected_by: Code | None = None
    incident: Code | None = None
    incident_from: InstantField | None = None
    incident_to: InstantField | None = None
    authorised: Truth | None = None

    @model_check(mode="before")
    @classmethod
    def _keep_unknown_keys(cls, value: Any) -> Any:  # noqa: ANN401 - JSON is any value
        if not isinstance(value, dict) or (_KNOWN_FACTS.issuperset(value)):
            return value
        other = {key: part for key, part in value.items() if key not in _KNOWN_FACTS}
        if len(other) > _OTHER_KEYS or size_of(other) > _OTHER_SIZE:
            raise wrong(f"holds more than {_OTHER_KEYS} keys or 32 KiB that are not known")
        known = {key: part for key, part in value.items() if key in _KNOWN_FACTS}
        return {**known, "other": other}


_KNOWN_FACTS: Final = frozenset(FactsForm.model_fields) - {"other"}


class _Received(_Form):
    received_at: InstantField | None = None

    @field_validator("received_at")
    @classmethod
    def _not_ahead(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is not None and value > (info.context or {})["now"] + AHEAD:
            raise wrong("lies more than 5 minutes ahead; check the clock and the offset")
        return value


class CaseForm(_Received):
    """The body of `POST /v1/cases`, and one line of `:batch`."""

    customer: CustomerForm
    channel: Channel
    category: Category = Category.OTHER
    text: Text
    claim: ClaimForm | None = None
    facts: FactsForm = FactsForm()

    @field_validator("facts", mode="before")
    @classmethod
    def _null_is_not_known(cls, value: Any) -> Any:  # noqa: ANN401 - JSON is any value
        return {} if value is None else value

    @field_validator("category", mode="before")
    @classmethod
    def _null_is_other(cls, value: Any) -> Any:  # noqa: ANN401 - JSON is any value
        return Category.OTHER if value is None else value


class MessageForm(_Received):
    """The body of `POST /v1/cases/{id}/messages`."""

    text: Text
    channel: Channel | None = None


AnyForm = TypeVar("AnyForm", CaseForm, MessageForm)


def read_form(
    kind: type[AnyForm], body: bytes, *, now: datetime, private_webhooks: bool = False
) -> tuple[AnyForm, Any] | Unreadable | Invalid:
    """Read a body strictly; returns the form and the JSON that it was read from."""
    value = strict_json.read(body)
    if isinstance(value, Unreadable | Invalid):
        return value
    if not isinstance(value, dict):
        return Invalid((Flaw("body", "must be a JSON object"),))
    try:
        form = kind.model_validate(
            value, context={"now": now, "private_webhooks": private_webhooks}
        )
    except ValidationError as error:
        flaws = error.errors(include_url=False, include_input=False)[:_MOST_FLAWS]
        return Invalid(tuple(Flaw(path_of(flaw["loc"]), _say(flaw)) for flaw in flaws))
    return form, value


_WORDS: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request; check the spelling or remove it",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "model_type": "must be a JSON object",
    "string_too_short": "must not be empty",
}


def _say(flaw: ErrorDetails) -> str:
    if flaw["type"] == "enum":
        return f"must be one of {flaw['ctx']['expected']}".replace("'", "").replace(" or ", ", ")
    if flaw["type"] == "string_too_long":
        return f"is longer than {flaw['ctx']['max_length']:,} characters; shorten it"
    return _WORDS.get(flaw["type"], flaw["msg"])
