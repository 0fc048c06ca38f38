"""Cases from files, as the policy sees them: classified ones, or as intake takes them.

A line that holds tags (`tags`, or `gold` in development files) keeps them, with full confidence
where it names none; others are tagged here. Without `received_at`, a case counts as received a day
after the last thing that the bank's systems know of.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.classifier.tagging import Message, load
from services.decision.merits.known import Known
from services.decision.simulating import Sample
from shared.errors import Rejected
from shared.events.base import Instant, Money
from shared.events.case import Category, Channel, Facts, Product
from shared.events.catalogue import CaseClassified
from shared.events.tags import Tags

_LATER: Final = timedelta(days=1)
_ONCE: Final = ("tone", "pressure", "fault")


class _Customer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    language: str | None = None
    jurisdiction: str | None = None


def _none_is_empty(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    return {} if value is None else value


class _Line(BaseModel):
    """What counts of a line; everything else is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    case_id: UUID | None = None
    id: str | int | None = None
    customer: _Customer | None = None
    customer_id: str | None = None
    channel: Channel = Channel.API
    category: Category = Category.OTHER
    product: Product | None = None
    text: Annotated[str, Field(max_length=20_000)] = ""
    claim: Money | None = None
    facts: Annotated[Facts, BeforeValidator(_none_is_empty)] = Facts()
    received_at: Instant | None = None
    language: str | None = Field(default=None, validation_alias=AliasChoices("language", "lang"))
    jurisdiction: str | None = None
    tags: dict[str, Any] | None = Field(default=None, validation_alias=AliasChoices("tags", "gold"))
    known: Known = Known()

    @property
    def speaks(self) -> str | None:
        """The language that the customer is answered in, where one is named."""
        return self.language or (self.customer.language if self.customer else None)


@dataclass(frozen=True, slots=True)
class _Read:
    place: str
    line: _Line
    tags: Tags | None


def read(files: Sequence[Path], now: datetime) -> list[Sample]:
    """Read JSON lines; one whole JSON document counts as a file with one case.

    Raises:
        Rejected: a file cannot be read, or a line is wrong; the text names file, line and field.

    """
    lines = [line for file in files for line in _lines(file)]
    untold = [line for line in lines if line.tags is None]
    tagged = iter(load().tag([_message(line) for line in untold]) if untold else ())
    return [_sample(line, line.tags or next(tagged), now) for line in lines]


def _lines(file: Path) -> Iterator[_Read]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Rejected(f"{file}: {error.strerror}") from error
    numbered = [(n, line) for n, line in enumerate(content.splitlines(), 1) if line.strip()]
    if len(numbered) > 1 and not _is_json(numbered[0][1]):
        numbered = [(1, content)]
    for number, line in numbered:
        yield _read(f"{file}:{number}", line)


def _read(place: str, text: bytes) -> _Read:
    try:
        value = orjson.loads(text)
        line = _Line.model_validate(value)
        if line.tags is None and not line.text.strip():
            raise Rejected(f"{place}: text: is needed where there are no tags")
        return _Read(place, line, None if line.tags is None else _tags(line))
    except orjson.JSONDecodeError as error:
        raise Rejected(f"{place}: not JSON: {error.msg}") from error
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'line'}: {one['msg']}" for one in wrong
        )
        raise Rejected(f"{place}: {told}") from error


def _tags(line: _Line) -> Tags:
    """Read tags as the classifier gives them, or as mere values."""
    told = dict(line.tags or {})
    for name in _ONCE:
        told[name] = _with_confidence(told.get(name))
    told["flags"] = [_with_confidence(flag) for flag in told.get("flags") or ()]
    told.setdefault("language", line.speaks or "en")
    told.setdefault("model", "given")
    return Tags.model_validate(told)


def _with_confidence(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    return {"value": value, "confidence": 1.0} if isinstance(value, str) else value


def _message(read: _Read) -> Message:
    line = read.line
    facts = line.facts.model_dump(exclude={"other"})
    return Message(line.text, facts, line.category, claim=line.claim is not None)


def _sample(read: _Read, tags: Tags, now: datetime) -> Sample:
    line = read.line
    customer = line.customer_id or (line.customer.id if line.customer else None)
    name = read.place if line.id is None else str(line.id)
    case = CaseClassified(
        case_id=line.case_id or uuid5(NAMESPACE_URL, name),
        customer_id=customer or name,
        channel=line.channel,
        category=line.category,
        product=line.product,
        text=line.text,
        claim=line.claim,
        facts=line.facts,
        received_at=line.received_at or _received_at(line.facts, now),
        language=line.speaks or tags.language,
        jurisdiction=line.jurisdiction or (line.customer.jurisdiction if line.customer else None),
        tags=tags,
    )
    return Sample(case, line.known)


def _received_at(facts: Facts, now: datetime) -> datetime:
    known = [value for value in facts.__dict__.values() if isinstance(value, datetime)]
    return max(known) + _LATER if known else now


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
