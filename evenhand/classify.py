"""`evenhand classify`: tags messages in this process; no server is needed.

Invariant: one line out for each line in, in order, as soon as it can be; a bad line is answered
with an error object in its place.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import orjson
import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evenhand.explain import explained
from evenhand.output import AsJson, complain, emit, example, line, terminal
from services.classifier.tagging import Message, ModelError, Tagger, Tier, load
from services.classifier.training.corpus import CorpusError, read
from services.classifier.training.evaluate import outcomes, report
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
        "evenhand classify --evaluate labelled.jsonl",
    )
)
def classify(
    *,
    as_json: AsJson = False,  # noqa: ARG001 - the output is JSON unless a view was asked for
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each message with its evidence marked.")
    ] = False,
    evaluate: Annotated[
        list[Path] | None,
        typer.Option("--evaluate", help="Score labelled JSON lines instead; may be repeated."),
    ] = None,
    tier: Annotated[
        Tier, typer.Option("--tier", help="Let a language model read what is unsure, or all.")
    ] = "fast",
) -> None:
    """Tag messages, without any server.

    Reads JSON lines with `text` (and `facts`, `category`, `claim`, `id`) from stdin and prints the
    tags of each, in order.

    Exits 1 when a line was refused: its place holds an object with `error`, which names the field.
    """
    try:
        tagger = load(tier=tier)
    except ModelError as error:
        complain(str(error))
        raise typer.Exit(1) from error
    if evaluate:
        _evaluate(tagger, evaluate)
        return
    show = _show_view if explain else _show_json
    refused = total = 0
    for lines in _batches(sys.stdin.buffer):
        taken = [_take(number, written) for number, written in lines]
        for one, tags in _answers(tagger, taken):
            refused += tags is None
            total += 1
            show(one, tags)
    if refused:
        complain(f"{refused} of {total} lines were refused")
        raise typer.Exit(1)


def _evaluate(tagger: Tagger, files: list[Path]) -> None:
    """Print the scores on labelled cases as Markdown; exit 1 when a file cannot be read."""
    try:
        cases = read(files)
    except CorpusError as error:
        complain(str(error))
        raise typer.Exit(1) from error
    line(report(outcomes(tagger, cases)))


def _show_json(one: _Read, tags: Tags | None) -> None:
    if tags is None or isinstance(one.asked, str):
        emit({"line": one.number, "error": one.asked})
    else:
        emit(_shown(one.number, one.asked, tags))


def _show_view(one: _Read, tags: Tags | None) -> None:
    if tags is None or isinstance(one.asked, str):
        line(f"line {one.number}: {one.asked}")
    else:
        terminal().print(explained(one.asked.text, tags))


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


def _take(number: int, written: bytes) -> _Read:
    try:
        value = orjson.loads(written)
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


def _answers(tagger: Tagger, taken: Sequence[_Read]) -> Iterator[tuple[_Read, Tags | None]]:
    """Pair each line with its tags; None where the line was refused."""
    messages = [_message(one.asked) for one in taken if isinstance(one.asked, _Line)]
    tags = iter(tagger.tag(messages))
    for one in taken:
        yield one, None if isinstance(one.asked, str) else next(tags)


def _message(asked: _Line) -> Message:
    return Message(
        text=asked.text,
        facts=asked.facts.model_dump(exclude={"other"}),
        category=asked.category,
        claim=asked.claim is not None,
    )


def _shown(number: int, asked: _Line, tags: Tags) -> dict[str, Any]:
    named = {} if asked.id is None else {"id": asked.id}
    derived = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
    return {"line": number, **named, **tags.model_dump(mode="json"), "conduct": derived}
