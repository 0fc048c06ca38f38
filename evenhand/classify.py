"""`evenhand classify`: tags messages in this process; no server is needed.

Invariant: one line out for each line in, in order, as soon as it can be; a bad line is answered
with an error object in its place.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Final

import orjson
import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evenhand.output import AsJson, complain, emit, example
from services.classifier.tagging import Message, Tagger, load
from shared.events.base import Money
from shared.events.case import Category, Facts
from shared.events.tags import Tags, conduct

app = typer.Typer(rich_markup_mode=None)

_BATCH: Final = 64
_CHUNK: Final = 64 * 1024
_LONGEST: Final = 20_000


class _Line(BaseModel):
    """What counts of a line; a whole case as intake takes it is welcome, too."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Any = None
    text: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    category: Category = Category.OTHER
    claim: Money | None = None
    facts: Facts = Facts()


@dataclass(frozen=True, slots=True)
class _Read:
    """A numbered line: what is asked, or what is wrong with it."""

    number: int
    asked: _Line | str


@app.command(
    epilog=example(
        """echo '{"text": "I paid a day late, sorry."}' | evenhand classify""",
        "evenhand classify < cases.jsonl | jq -r .tone.value",
    )
)
def classify(
    *,
    as_json: AsJson = False,  # noqa: ARG001 - the output is JSON in any case
) -> None:
    """Tag messages, without any server.

    Reads JSON lines with `text` (and `facts`, `category`, `claim`, `id`) from stdin and prints the
    tags of each, in order.

    Exits 1 when a line was refused: its place holds an object with `error`, which names the field.
    """
    tagger = load()
    refused = total = 0
    for lines in _batches(sys.stdin.buffer):
        read = [_read(number, line) for number, line in lines]
        for answer in _answers(tagger, read):
            refused += "error" in answer
            total += 1
            emit(answer)
    if refused:
        complain(f"{refused} of {total} lines were refused")
        raise typer.Exit(1)


def _batches(source: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """Yield numbered lines as they come: small batches, none held back for the next to come."""
    number, rest = 0, b""
    while chunk := source.read1(_CHUNK) if hasattr(source, "read1") else source.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        numbered = [(number + n, line) for n, line in enumerate(lines, start=1) if line.strip()]
        number += len(lines)
        for start in range(0, len(numbered), _BATCH):
            yield numbered[start : start + _BATCH]
    if rest.strip():
        yield [(number + 1, rest)]


def _read(number: int, line: bytes) -> _Read:
    try:
        value = orjson.loads(line)
        if not isinstance(value, dict):
            return _Read(number, "line: must be a JSON object")
        return _Read(number, _Line.model_validate(value))
    except orjson.JSONDecodeError as error:
        return _Read(number, f"not JSON: {error.msg}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        return _Read(
            number,
            "; ".join(
                f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in problems
            ),
        )


def _answers(tagger: Tagger, read: Sequence[_Read]) -> Iterator[dict[str, Any]]:
    asked = [line.asked for line in read if isinstance(line.asked, _Line)]
    tags = iter(tagger.tag([_message(line) for line in asked]))
    for line in read:
        if isinstance(line.asked, str):
            yield {"line": line.number, "error": line.asked}
        else:
            yield _shown(line.number, line.asked, next(tags))


def _message(line: _Line) -> Message:
    return Message(
        text=line.text,
        facts=line.facts.model_dump(exclude={"other"}),
        category=line.category,
        claim=line.claim is not None,
    )


def _shown(number: int, asked: _Line, tags: Tags) -> dict[str, Any]:
    named = {} if asked.id is None else {"id": asked.id}
    derived = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
    return {"line": number, **named, **tags.model_dump(mode="json"), "conduct": derived}
