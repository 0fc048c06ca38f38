"""What integrators send, as models."""

from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic import model_validator as model_check

from services.intake.fields import (
    Code,
    Country,
    CustomerId,
    Email,
    Language,
    Name,
    Phone,
    Text,
    Truth,
    Webhook,
    size_of,
)
from shared.events.case import Category, Channel, Contacts, Customer, Facts, Product
from shared.http import forms
from shared.http.fields import AmountField, CurrencyCode, InstantField, wrong
from shared.http.flaws import Invalid, Unreadable
from shared.http.forms import Form

AHEAD: Final = timedelta(minutes=5)
_OTHER_KEYS = 100
_OTHER_SIZE = 32 * 1024


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


class ClaimForm(Form):
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


class _Received(Form):
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
    product: Product | None = None
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
    return forms.read_form(kind, body, {"now": now, "private_webhooks": private_webhooks})
