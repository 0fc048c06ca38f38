"""Tags a batch of messages. Needs no table of its own: what it said stays in the outbox.

What takes long happens before the transaction: `preparing`. That is a tier that reads with a
language model, which keeps a thread busy and not the event loop, and a model that is asked.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.classifier import drift
from services.classifier.asking.adviser import Adviser, Doubtful
from services.classifier.tagging import Message, Tagger
from shared.events.case import Customer
from shared.events.catalogue import CaseClassified, CaseSubmitted, Topic
from shared.events.tags import Tags
from shared.hop import Handler, Prepare, Received
from shared.outbox import Saying
from shared.postgres import Connection

_SLICE: Final = 16
"""So many messages a thread tags at a time: a stop waits for no more, some two seconds."""


def build(tagger: Tagger, seen: drift.Window) -> Handler:
    """Return the hop's handler for this model."""

    async def handle(_: Connection, batch: Sequence[Received]) -> list[Saying]:
        cases = submitted(batch)
        tags = tagger.tag([message_of(case) for _, case in cases])
        seen.note(tags)
        return [say(received, case, of) for (received, case), of in zip(cases, tags, strict=True)]

    return handle


def preparing(tagger: Tagger, adviser: Adviser | None, seen: drift.Window) -> Prepare:
    """Return what tags a batch before its transaction, with the adviser's help if there is one."""

    async def prepare(batch: Sequence[Received]) -> Handler:
        cases = submitted(batch)
        messages = [message_of(case) for _, case in cases]
        tags = await _tagged(tagger, messages)
        if adviser is not None:
            doubtful = [
                Doubtful(message, own, known_of(case.customer))
                for message, own, (_, case) in zip(messages, tags, cases, strict=True)
            ]
            tags = await adviser.advise(doubtful)
        found = {r.envelope.id: of for (r, _), of in zip(cases, tags, strict=True)}
        return _answering(found, seen)

    return prepare


async def _tagged(tagger: Tagger, messages: Sequence[Message]) -> list[Tags]:
    """Tag on another thread, one slice after the other: a tagger is not for two at a time."""
    tags: list[Tags] = []
    for start in range(0, len(messages), _SLICE):
        tags += await asyncio.to_thread(tagger.tag, messages[start : start + _SLICE])
    return tags


def _answering(found: dict[UUID, Tags], seen: drift.Window) -> Handler:
    """Return the handler that says what was found for these events."""

    async def handle(_: Connection, batch: Sequence[Received]) -> list[Saying]:
        cases = submitted(batch)
        seen.note([found[received.envelope.id] for received, _ in cases])
        return [say(received, case, found[received.envelope.id]) for received, case in cases]

    return handle


def submitted(batch: Sequence[Received]) -> list[tuple[Received, CaseSubmitted]]:
    """Return the messages of a batch."""
    return [(r, r.event) for r in batch if isinstance(r.event, CaseSubmitted)]


def say(received: Received, case: CaseSubmitted, tags: Tags) -> Saying:
    """Answer a message with its tags."""
    return received.say(Topic.CLASSIFIED, classified(case, tags))


def known_of(customer: Customer) -> tuple[str, ...]:
    """Return what would tell who the customer is, and must be covered wherever it stands."""
    contacts = customer.contacts
    known = (customer.id, customer.name, contacts.email, contacts.phone)
    return tuple(value for value in known if value)


def message_of(case: CaseSubmitted) -> Message:
    """Take from a case what the tagger may see: never who the customer is."""
    return Message(
        text=case.text,
        facts={name: value for name, value in case.facts.__dict__.items() if name != "other"},
        category=case.category,
        claim=case.claim is not None,
    )


def classified(case: CaseSubmitted, tags: Tags) -> CaseClassified:
    """Carry the case on with its tags; the customer's own language comes before the message's."""
    return CaseClassified(
        case_id=case.case_id,
        customer_id=case.customer_id,
        sequence=case.sequence,
        channel=case.channel,
        category=case.category,
        product=case.product,
        text=case.text,
        claim=case.claim,
        facts=case.facts,
        received_at=case.received_at,
        accepted_at=case.accepted_at,
        language=case.customer.language or tags.language,
        jurisdiction=case.customer.jurisdiction,
        tags=tags,
    )
