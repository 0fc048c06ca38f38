"""Events as a consumer gets them from the broker."""

from aiokafka import ConsumerRecord

from shared.events.catalogue import Event
from shared.events.envelope import Envelope


def record_of(event: Event, envelope: Envelope, offset: int = 0) -> "ConsumerRecord[bytes, bytes]":
    """Return an event in its envelope, at this place of its topic's only partition."""
    return ConsumerRecord(
        topic=envelope.type,
        partition=0,
        offset=offset,
        timestamp=int(envelope.time.timestamp() * 1000),
        timestamp_type=0,
        key=event.customer_id.encode(),
        value=event.model_dump_json().encode(),
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=envelope.headers(),
    )
