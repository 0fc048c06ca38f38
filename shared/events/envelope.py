"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the body plain JSON.

`ce_redrive` counts how often a lost event was published again. A consumer that has handled the
event before answers a higher count by publishing its own outputs again, unchanged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID, uuid5

from shared.errors import Rejected

_NAMESPACE: Final = UUID("6f0d5c1e-6b4f-5d3a-9d0e-2a1f7c0b8e55")


class Malformed(Rejected):
    """A message is not one of our events; the text names the attribute that is wrong."""


def event_id(*parts: str) -> UUID:
    """Derive an event's id from what caused it, so that a repeated step repeats the id.

    The first part is the cause (an event id or a case id), the rest say which output it is.
    """
    return uuid5(_NAMESPACE, "/".join(parts))


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of one event."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    redrive: int = 0
    traceparent: str | None = None
    tracestate: str | None = None

    def headers(self) -> list[tuple[str, bytes]]:
        """Return the attributes as Kafka headers."""
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", str(self.id).encode()),
            ("ce_type", self.type.encode()),
            ("ce_source", self.source.encode()),
            ("ce_subject", self.subject.encode()),
            ("ce_time", self.time.isoformat().encode()),
            ("content-type", b"application/json"),
        ]
        if self.redrive:
            headers.append(("ce_redrive", str(self.redrive).encode()))
        if self.traceparent:
            headers.append(("traceparent", self.traceparent.encode()))
        if self.tracestate:
            headers.append(("tracestate", self.tracestate.encode()))
        return headers

    @classmethod
    def parse(cls, headers: Iterable[tuple[str, bytes | None]]) -> Self:
        """Read the attributes from Kafka headers.

        Raises:
            Malformed: an attribute is missing or wrong; the text names it.

        """
        try:
            found = {name: (value or b"").decode() for name, value in headers}
        except UnicodeDecodeError as error:
            raise Malformed("headers: not UTF-8") from error
        if found.get("ce_specversion") != "1.0":
            raise Malformed("ce_specversion: must be 1.0")
        try:
            return cls(
                id=UUID(found["ce_id"]),
                type=found["ce_type"],
                source=found["ce_source"],
                subject=found.get("ce_subject", ""),
                time=_instant(found["ce_time"]),
                redrive=_count(found.get("ce_redrive", "0")),
                traceparent=found.get("traceparent"),
                tracestate=found.get("tracestate"),
            )
        except KeyError as error:
            raise Malformed(f"{error.args[0]}: missing") from error
        except ValueError as error:
            raise Malformed("ce_id: must be a UUID") from error


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("ce_time: must be an RFC 3339 instant") from error
    if instant.tzinfo is None:
        raise Malformed("ce_time: must carry an offset")
    return instant


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:  # noqa: PLR2004 - a million redrives is no count
        raise Malformed("ce_redrive: must be a small whole number")
    return int(text)
