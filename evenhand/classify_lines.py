"""The lines that `evenhand classify` reads: each what is asked, or what is wrong with it.

Invariant: none is lost, none is held back for the next to come, and of one that is too long no more
is kept than shows it.
"""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.classifier.tagging import Message
from services.intake.forms import ClaimForm, FactsForm
from shared.events.case import Category
from shared.http import strict_json
from shared.http.flaws import Invalid, Unreadable
from shared.http.forms import flaws_of

_BATCH: Final = 64
_CHUNK: Final = 64 * 1024
_LONGEST: Final = 20_000
_LONGEST_LINE: Final = 1_000_000
"""Bytes; a longer line is none that intake takes, and is passed over without being kept."""


class Asked(BaseModel):
    """What counts of a line; a whole case as intake takes it is welcome, too.

    An empty message is answered like any that cannot be read: for a person.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: Annotated[str, Field(max_length=_LONGEST)]
    category: Category = Category.OTHER
    claim: ClaimForm | None = None
    facts: FactsForm = FactsForm()

    @property
    def message(self) -> Message:
        """What the tagger is told."""
        return Message(
            text=self.text,
            facts=self.facts.model_dump(exclude={"other"}),
            category=self.category,
            claim=self.claim is not None,
        )

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_known(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {name: part for name, part in value.items() if part is not None}


@dataclass(frozen=True, slots=True)
class Read:
    """A numbered line: what is asked, or what is wrong with it."""

    number: int
    asked: Asked | str
    id: Any = None


def read(source: BinaryIO) -> Iterator[list[Read]]:
    """Yield the lines in order, in small batches, as they come; blank ones hold nothing."""
    for numbered in _batches(source):
        yield [_take(number, written) for number, written in numbered]


def _batches(source: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    number, begun = 0, bytearray()
    while chunk := source.read1(_CHUNK) if hasattr(source, "read1") else source.read(_CHUNK):
        first, *others = chunk.split(b"\n")
        begun += first[: _LONGEST_LINE + 1 - len(begun)]
        if not others:
            continue
        lines = [bytes(begun), *others[:-1]]
        begun = bytearray(others[-1])
        numbered = [(number + n, line) for n, line in enumerate(lines, start=1) if line.strip()]
        number += len(lines)
        for start in range(0, len(numbered), _BATCH):
            yield numbered[start : start + _BATCH]
    if begun.strip():
        yield [(number + 1, bytes(begun))]


def _take(number: int, written: bytes) -> Read:
    if len(written) > _LONGEST_LINE:
        return Read(number, f"line: is longer than {_LONGEST_LINE:,} bytes; shorten it")
    if number == 1:
        written = written.removeprefix(codecs.BOM_UTF8)
    value = strict_json.read(written)
    if isinstance(value, Unreadable):
        field = "line" if value.flaw.field == "body" else value.flaw.field
        return Read(number, f"{field}: {value.flaw.detail}")
    # What the database could not store can be tagged all the same.
    given = json.loads(written.decode()) if isinstance(value, Invalid) else value
    if not isinstance(given, dict):
        return Read(number, "line: must be a JSON object")
    try:
        return Read(number, Asked.model_validate(given), given.get("id"))
    except ValidationError as error:
        flaws = "; ".join(f"{flaw.field}: {flaw.detail}" for flaw in flaws_of(error))
        return Read(number, flaws, given.get("id"))
