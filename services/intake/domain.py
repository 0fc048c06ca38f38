"""From a request to a case: ids, the opening event, and what its sender is told. Pure."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from services.intake.forms import CaseForm, MessageForm
from shared.events.base import Money
from shared.events.case import Channel
from shared.events.catalogue import CaseSubmitted
from shared.events.envelope import event_id

_UUID_VERSION: Final = 0x7 << 76
_UUID_VARIANT: Final = 0b10 << 62


def new_case_id(now: datetime) -> UUID:
    """Return an id that grows with time (UUID version 7), kind to indexes and to paging."""
    random = secrets.randbits(74)
    return UUID(
        int=int(now.timestamp() * 1000) << 80
        | _UUID_VERSION
        | (random >> 62) << 64
        | _UUID_VARIANT
        | (random & (1 << 62) - 1)
    )


def submitted_event_id(case_id: UUID, sequence: int) -> UUID:
    """Return the id of the event that says that a message was submitted."""
    return event_id(str(case_id), "submitted", str(sequence))


def open_case(form: CaseForm, case_id: UUID, now: datetime) -> CaseSubmitted:
    """Return the event that opens a case."""
    claim = form.claim and Money(amount=form.claim.amount, currency=form.claim.currency)
    return CaseSubmitted(
        case_id=case_id,
        customer_id=form.customer.id,
        customer=form.customer,
        channel=form.channel,
        category=form.category,
        product=form.product,
        text=form.text,
        claim=claim,
        facts=form.facts,
        received_at=form.received_at or now,
        accepted_at=now,
    )


def add_message(
    form: MessageForm, opened: CaseSubmitted, sequence: int, now: datetime
) -> CaseSubmitted:
    """Return the event of a later message that is accepted now."""
    channel: Channel = form.channel or opened.channel
    return later_message(opened, sequence, channel, form.text, (form.received_at or now, now))


def later_message(
    opened: CaseSubmitted,
    sequence: int,
    channel: Channel,
    text: str,
    instants: tuple[datetime, datetime],
) -> CaseSubmitted:
    """Return the event of a later message, received and accepted at these instants.

    It carries the case as it was opened.
    """
    received_at, accepted_at = instants
    return opened.model_copy(
        update={
            "sequence": sequence,
            "channel": channel,
            "text": text,
            "received_at": received_at,
            "accepted_at": accepted_at,
        }
    )


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A request's key and what it asked for; the same key may only ever ask for the same."""

    owner: str
    key: str
    fingerprint: bytes


def fingerprint(purpose: str, value: Any) -> bytes:  # noqa: ANN401 - JSON is any value
    """Hash what was asked for; spacing and the order of keys make no difference."""
    try:
        canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a whole number of more than 64 bits
        canonical = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(purpose.encode() + b"\0" + canonical).digest()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is durably stored."""

    case_id: UUID
    sequence: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """The Idempotency-Key was used for something else."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such case."""


@dataclass(frozen=True, slots=True)
class Away:
    """The database cannot take it now; the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The request, and only it, cannot be stored; an error of ours."""


Outcome = Accepted | Conflict | Away | Broken
