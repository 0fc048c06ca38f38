"""What a case is made of: customer, claim and facts, as submitted."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.events.base import Instant, Model


class Channel(StrEnum):
    """The way by which the customer came."""

    WEB = "web"
    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    SOCIAL = "social"
    BRANCH = "branch"
    API = "api"


class Category(StrEnum):
    """What the case is about, as the channel filed it."""

    MISSED_DUE_DATE = "missed_due_date"
    FEE_DISPUTE = "fee_dispute"
    PAYMENT_FAILED = "payment_failed"
    WRONG_TRANSFER = "wrong_transfer"
    PROMISE_BROKEN = "promise_broken"
    SERVICE_DELAY = "service_delay"
    CARD_PROBLEM = "card_problem"
    APP_OUTAGE = "app_outage"
    TERMS_CHANGE = "terms_change"
    BOOKING_CHANGE = "booking_change"
    STAFF_CONDUCT = "staff_conduct"
    FRAUD = "fraud"
    INFORMATION = "information"
    OTHER = "other"


class Product(StrEnum):
    """What the case is about, as the bank sells it; which law sets its deadline depends on it."""

    ACCOUNT = "account"
    CARD = "card"
    PAYMENT = "payment"
    LOAN = "loan"
    SAVINGS = "savings"
    INSURANCE = "insurance"
    INVESTMENT = "investment"
    OTHER = "other"


class Status(StrEnum):
    """The case's status as the customer sees it."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    WAITING_FOR_YOU = "waiting_for_you"
    DELAYED = "delayed"
    DECIDED = "decided"
    CLOSED = "closed"
    REOPENED = "reopened"


class Contacts(Model):
    """Where the customer can be told; personal data, only ever in `case.submitted`."""

    email: str | None = None
    phone: str | None = None
    webhook: str | None = None
    preferred: Literal["email", "phone"] | None = Field(
        default=None, description="Where the customer wants to be told first; else by e-mail"
    )


class Customer(Model):
    """The customer as the channel knows them; `id` is opaque and the topic key."""

    id: str
    name: str | None = None
    language: str | None = Field(default=None, description="BCP 47 tag that the customer prefers")
    jurisdiction: str | None = Field(default=None, description="ISO 3166-1 alpha-2 country")
    contacts: Contacts = Contacts()


class Facts(Model):
    """What the bank's systems know, as opposed to what is claimed. Null means not known."""

    due_at: Instant | None = None
    paid_at: Instant | None = None
    promised_by: Instant | None = None
    delivered_at: Instant | None = None
    terms_accepted: bool | None = None
    rejected_by: str | None = None
    incident: str | None = Field(default=None, description="Name of a known outage at the bank")
    incident_from: Instant | None = None
    incident_to: Instant | None = None
    authorised: bool | None = None
    other: Mapping[str, Any] = Field(
        default_factory=dict, description="Keys that are not known: kept, shown, never used"
    )
