"""One mail in one recipient's mailbox, and reading it.

A mail is parsed when somebody looks at it, not when it comes.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

CASE_HEADER = "X-Evenhand-Case"
NOTICE_HEADER = "X-Evenhand-Notice"
END_OF_HEADERS = b"\r\n\r\n"
INDEXED = re.compile(
    rb"^(message-id|x-evenhand-case|x-evenhand-notice):((?:.*\r\n)(?:[ \t].*\r\n)*)",
    re.IGNORECASE | re.MULTILINE,
)
MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What Python's parser is known to raise on mails that break the rules."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """The headers by which letters are told apart and found; empty when absent."""

    message_id: str
    case: str
    notice: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter without its content. `received_at` in seconds since 1970."""

    id: int
    sender: str
    recipient: str
    received_at: float
    indexed: Indexed
    size: int

    @property
    def received(self) -> datetime:
        return datetime.fromtimestamp(self.received_at, UTC)


@dataclass(frozen=True, slots=True)
class Content:
    """A letter as a person reads it. A part that is not there is empty."""

    subject: str
    headers: tuple[tuple[str, str], ...]
    plain: str
    html: str
    attachments: tuple[str, ...]


def index_headers(raw: bytes) -> Indexed:
    """Find the headers of interest without parsing the rest; the first of each counts."""
    found: dict[bytes, str] = {}
    for name, value in INDEXED.findall(_head(raw)):
        found.setdefault(name.lower(), b" ".join(value.split()).decode("utf-8", "replace"))
    return Indexed(
        message_id=found.get(b"message-id", ""),
        case=found.get(b"x-evenhand-case", ""),
        notice=found.get(b"x-evenhand-notice", ""),
    )


def _head(raw: bytes) -> bytes:
    """Return the lines of the headers, each with its end."""
    if raw.startswith(b"\r\n"):
        return b""
    end = raw.find(END_OF_HEADERS)
    return raw if end < 0 else raw[: end + 2]


def read(raw: bytes) -> Content:
    """Parse a mail. What breaks the rules is shown as well as can be."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    headers = tuple((name, _decoded(message, name, value)) for name, value in message.raw_items())
    return Content(
        subject=first_of(headers, "subject"),
        headers=headers,
        plain=_body(message, "plain"),
        html=_body(message, "html"),
        attachments=_attachments(message),
    )


def read_headers(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Parse no more than the headers."""
    message = email.message_from_bytes(_head(raw), policy=email.policy.default)
    return tuple((name, _decoded(message, name, value)) for name, value in message.raw_items())


def first_of(headers: tuple[tuple[str, str], ...], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")


def _decoded(message: EmailMessage, name: str, raw_value: object) -> str:
    try:
        return _shown(str(message.policy.header_fetch_parse(name, str(raw_value))))
    except MALFORMED:
        return _shown(str(raw_value))


def _body(message: EmailMessage, subtype: str) -> str:
    try:
        part = message.get_body((subtype,))
        return "" if part is None else _shown(str(part.get_content()).replace("\r\n", "\n"))
    except MALFORMED:
        return ""


def _shown(text: str) -> str:
    """Replace what the mail did not encode by the rules, which the parser leaves half-read."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _attachments(message: EmailMessage) -> tuple[str, ...]:
    try:
        return tuple(
            part.get_filename() or part.get_content_type() for part in message.iter_attachments()
        )
    except MALFORMED:
        return ()
