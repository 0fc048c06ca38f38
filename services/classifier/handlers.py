"""Tags a batch of messages. Needs no table of its own: what it said stays in the outbox."""

from collections.abc import Sequence

from services.classifier.tagging import Message, Tagger
from shared.events.catalogue import CaseClassified, CaseSubmitted, Topic
from shared.events.tags import Tags
from shared.hop import Handler, Received
from shared.outbox import Saying
from shared.postgres import Connection


def build(tagger: Tagger) -> Handler:
    """Return the hop's handler for this model."""

    async def handle(_: Connection, batch: Sequence[Received]) -> list[Saying]:
        cases = [(r, r.event) for r in batch if isinstance(r.event, CaseSubmitted)]
        tags = tagger.tag([message_of(case) for _, case in cases])
        return [
            received.say(Topic.CLASSIFIED, classified(case, tagged))
            for (received, case), tagged in zip(cases, tags, strict=True)
        ]

    return handle


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
        language=case.customer.language or tags.language,
        jurisdiction=case.customer.jurisdiction,
        tags=tags,
    )
