"""`evenhand classify`: tags messages in this process; no server is needed.

Invariant: one line out for each line in, in order, as soon as it can be; a bad line is answered
with an error object in its place.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import typer
from rich.text import Text

from evenhand.classify_lines import Asked, Read, read
from evenhand.explain import explained, harmless
from evenhand.output import AsJson, complain, emit, example, is_coloured, line, terminal
from services.classifier import drift
from services.classifier.asking.offline import AdvisedTagger
from services.classifier.asking.settings import AskingSettings
from services.classifier.tagging import ModelError, Tier, best_tier, load
from services.classifier.training.corpus import CorpusError
from services.classifier.training.corpus import read as read_cases
from services.classifier.training.evaluate import Tagging, outcomes, scores
from services.classifier.training.reporting import report
from shared.errors import Rejected
from shared.events.tags import Tags, conduct
from shared.settings import load as load_settings

app = typer.Typer(rich_markup_mode=None)

_APART: Final = (
    ("evaluate", "FILE"),
    ("evaluate", "explain"),
    ("evaluate", "shares"),
    ("explain", "shares"),
    ("explain", "json"),
)
"""Ways of use that do not go together: two kinds of output, or two of input."""


@app.command(
    epilog=example(
        """echo '{"text": "I paid a day late, sorry."}' | evenhand classify""",
        "evenhand classify < cases.jsonl | jq -r .tone.value",
        "evenhand classify --evaluate labelled.jsonl",
        "evenhand classify --shares < month.jsonl > reference.json",
    )
)
def classify(  # noqa: PLR0913 - one option per way of use
    file: Annotated[
        typer.FileBinaryRead | None,
        typer.Argument(metavar="FILE", help="JSON lines; `-` or none reads stdin."),
    ] = None,
    *,
    as_json: AsJson = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each message with its evidence marked.")
    ] = False,
    evaluate: Annotated[
        list[Path] | None,
        typer.Option(
            "--evaluate",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Score labelled JSON lines instead; may be repeated.",
        ),
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

    Reads JSON lines with `text` (and `facts`, `category`, `claim`, `id`) and prints the tags of
    each as JSON, in order.

    Exits 1 when a line was refused: its place holds an object with `error`, which names the field.
    """
    _refuse_together(FILE=file, evaluate=evaluate, explain=explain, shares=shares, json=as_json)
    source: BinaryIO = file or sys.stdin.buffer
    if not evaluate and source.isatty():
        complain("reads JSON lines from this terminal, one message each; Ctrl-D ends them")
    try:
        tagger = _tagger(tier or best_tier(), ask=ask)
    except ModelError as error:
        complain(str(error))
        raise typer.Exit(1) from error
    if evaluate:
        _evaluate(tagger, evaluate, as_json=as_json)
    elif shares:
        _count(tagger, source, as_json=as_json)
    else:
        _tag(tagger, source, _show_view if explain else _show_json)


def _refuse_together(**given: object) -> None:
    """Refuse what would leave one wish out in silence."""
    for one, other in _APART:
        if given[one] and given[other]:
            named = " and ".join(name if name.isupper() else f"--{name}" for name in (one, other))
            raise typer.BadParameter(f"{named} do not go together")


def _tag(tagger: Tagging, source: BinaryIO, show: Callable[[Read, Tags | None], None]) -> None:
    refused = total = 0
    for one, tags in _answers(tagger, source):
        total += 1
        refused += tags is None
        show(one, tags)
    _tell_refused(refused, total)


def _count(tagger: Tagging, source: BinaryIO, *, as_json: bool) -> None:
    """Print how often each value was given, as the file that the service takes for a reference."""
    refused = total = 0
    counts: Counter[tuple[str, str]] = Counter()
    for _, tags in _answers(tagger, source):
        total += 1
        refused += tags is None
        counts.update(drift.pairs(tags) if tags is not None else ())
    if not counts:
        raise Rejected("no message: shares of nothing are no reference")
    found = drift.shares_of(counts)
    if as_json:
        emit(found)
    else:
        line(drift.written(found).rstrip())
    _tell_refused(refused, total)


def _tell_refused(refused: int, total: int) -> None:
    if refused:
        complain(f"{refused} of {total} lines were refused")
        raise typer.Exit(1)


def _tagger(tier: Tier, *, ask: bool) -> Tagging:
    tagger = load(tier=tier)
    return AdvisedTagger(tagger, load_settings(AskingSettings)) if ask else tagger


def _evaluate(tagger: Tagging, files: list[Path], *, as_json: bool) -> None:
    """Print the scores on labelled cases; exit 1 when a file holds something else."""
    try:
        cases = read_cases(files)
    except CorpusError as error:
        complain(str(error))
        raise typer.Exit(1) from error
    if not cases:
        raise Rejected("no labelled case: there is nothing to score")
    found = scores(outcomes(tagger, cases))
    if as_json:
        emit(asdict(found))
    else:
        line(report(found))


def _show_json(one: Read, tags: Tags | None) -> None:
    if tags is None or isinstance(one.asked, str):
        emit({**_place(one), "error": one.asked})
    else:
        derived = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
        emit({**_place(one), **tags.model_dump(mode="json"), "conduct": derived})


def _show_view(one: Read, tags: Tags | None) -> None:
    if tags is None or isinstance(one.asked, str):
        line(f"{_name(one)}: {one.asked}")
    else:
        screen = terminal()
        screen.print(Text(_name(one), "dim"))
        screen.print(explained(one.asked.text, tags, colour=is_coloured(screen)))


def _name(one: Read) -> str:
    number = f"line {one.number}"
    return number if one.id is None else harmless(f"{number} · id {one.id}")


def _place(one: Read) -> dict[str, Any]:
    return {"line": one.number} | ({} if one.id is None else {"id": one.id})


def _answers(tagger: Tagging, source: BinaryIO) -> Iterator[tuple[Read, Tags | None]]:
    """Pair each line with its tags; None where the line was refused."""
    for lines in read(source):
        asked = [one.asked.message for one in lines if isinstance(one.asked, Asked)]
        tags = iter(tagger.tag(asked))
        for one in lines:
            yield one, None if isinstance(one.asked, str) else next(tags)
