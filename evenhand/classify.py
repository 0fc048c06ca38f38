"""`evenhand classify`: tags messages in this process; no server is needed.

Invariant: one line out for each line in, in order, as soon as it can be; a bad line is answered
with an error object in its place.
"""

import codecs
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from rich.text import Text

from evenhand.explain import explained, harmless
from evenhand.output import AsJson, complain, emit, example, is_coloured, line, terminal
from services.classifier import drift
from services.classifier.asking.offline import AdvisedTagger
from services.classifier.asking.settings import AskingSettings
from services.classifier.tagging import Message, ModelError, Tier, best_tier, load
from services.classifier.training.corpus import CorpusError, read
from services.classifier.training.evaluate import Tagging, outcomes, report
from services.intake.forms import ClaimForm, FactsForm
from shared.errors import Rejected
from shared.events.case import Category
from shared.events.tags import Tags, conduct
from shared.http import strict_json
from shared.http.flaws import Invalid, Unreadable, path_of
from shared.settings import load as load_settings

app = typer.Typer(rich_markup_mode=None)

_BATCH: Final = 64
_CHUNK: Final = 64 * 1024
_LONGEST: Final = 20_000
_LONGEST_LINE: Final = 1_000_000
"""Bytes; a longer line is none that intake takes, and is passed over without being kept."""


class _Line(BaseModel):
    """What counts of a line; a whole case as intake takes it is welcome, too.

    An empty message is answered like any that cannot be read: for a person.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Any = None
    text: Annotated[str, Field(max_length=_LONGEST)]
    category: Category = Category.OTHER
    claim: ClaimForm | None = None
    facts: FactsForm = FactsForm()

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_known(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {name: part for name, part in value.items() if part is not None}


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
        "evenhand classify --shares < month.jsonl > reference.json",
    )
)
def classify(  # noqa: PLR0913 - one option per way of use
    *,
    as_json: AsJson = False,  # noqa: ARG001 - the output is JSON unless a view was asked for
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each message with its evidence marked.")
    ] = False,
    evaluate: Annotated[
        list[Path] | None,
        typer.Option("--evaluate", help="Score labelled JSON lines instead; may be repeated."),
    ] = None,
    shares: Annotated[
        bool, typer.Option("--shares", help="Print how often each value was given instead.")
    ] = False,
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask the endpoint of EVENHAND_CLASSIFIER_LLM_* when in doubt."),
    ] = False,
    tier: Annotated[
        Tier | None,
        typer.Option(
            "--tier",
            envvar="EVENHAND_CLASSIFIER_TIER",
            show_default="cascade where the extra `deep` is installed, else fast",
            help="Let a language model read what is unsure, or all.",
        ),
    ] = None,
) -> None:
    """Tag messages, without any server.

    Reads JSON lines with `text` (and `facts`, `category`, `claim`, `id`) from stdin and prints the
    tags of each, in order.

    Exits 1 when a line was refused: its place holds an object with `error`, which names the field.
    """
    try:
        tagger: Tagging = _tagger(tier or best_tier(), ask=ask)
    except ModelError as error:
        complain(str(error))
        raise typer.Exit(1) from error
    if evaluate:
        _evaluate(tagger, evaluate)
        return
    refused = total = 0
    counts: Counter[tuple[str, str]] = Counter()
    show = _show_view if explain else _show_json
    for one, tags in _answers(tagger, sys.stdin.buffer):
        total += 1
        refused += tags is None
        if not shares:
            show(one, tags)
        elif tags is not None:
            counts.update(drift.pairs(tags))
    if shares and not counts:
        raise Rejected("no message: shares of nothing are no reference")
    if shares:
        line(drift.written(drift.shares_of(counts)).rstrip())
    if refused:
        complain(f"{refused} of {total} lines were refused")
        raise typer.Exit(1)


def _tagger(tier: Tier, *, ask: bool) -> Tagging:
    tagger = load(tier=tier)
    return AdvisedTagger(tagger, load_settings(AskingSettings)) if ask else tagger


def _evaluate(tagger: Tagging, files: list[Path]) -> None:
    """Print the scores on labelled cases as Markdown; exit 1 when a file cannot be read."""
    try:
        cases = read(files)
    except CorpusError as error:
        complain(str(error))
        raise typer.Exit(1) from error
    if not cases:
        raise Rejected("no labelled case: there is nothing to score")
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
        screen = terminal()
        screen.print(Text(_name(one.number, one.asked), "dim"))
        screen.print(explained(one.asked.text, tags, colour=is_coloured(screen)))


def _name(number: int, asked: _Line) -> str:
    return f"line {number}" if asked.id is None else harmless(f"line {number} · id {asked.id}")


def _batches(source: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """Yield numbered lines as they come: small batches, none held back for the next to come.

    Of a line that is too long no more is kept than shows it.
    """
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


def _take(number: int, written: bytes) -> _Read:
    if len(written) > _LONGEST_LINE:
        return _Read(number, f"line: is longer than {_LONGEST_LINE:,} bytes; shorten it")
    if number == 1:
        written = written.removeprefix(codecs.BOM_UTF8)
    value = strict_json.read(written)
    if isinstance(value, Unreadable):
        field = "line" if value.flaw.field == "body" else value.flaw.field
        return _Read(number, f"{field}: {value.flaw.detail}")
    try:
        # What the database could not store can be tagged all the same.
        given = json.loads(written.decode()) if isinstance(value, Invalid) else value
        if not isinstance(given, dict):
            return _Read(number, "line: must be a JSON object")
        return _Read(number, _Line.model_validate(given))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        return _Read(number, "; ".join(f"{path_of(p['loc'])}: {p['msg']}" for p in problems))


def _answers(tagger: Tagging, source: BinaryIO) -> Iterator[tuple[_Read, Tags | None]]:
    """Pair each line with its tags; None where the line was refused."""
    for lines in _batches(source):
        taken = [_take(number, written) for number, written in lines]
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
