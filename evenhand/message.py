"""`evenhand message`: what customers are told, to look at before anybody is told it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer
from pydantic import ValidationError

from evenhand.output import AsJson, emit, example, line
from services.notifier.domain import Language
from services.notifier.messages import gallery as pages
from services.notifier.messages.render import Voice
from services.notifier.messages.samples import Sample, samples
from services.notifier.telling import content_of, with_last_days
from shared.errors import EvenhandError
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Event,
    SlaMilestone,
    VerificationRequested,
)

app = typer.Typer(
    name="message",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What customers are told.",
    epilog=example("evenhand message preview --event receipt --lang pl"),
)

_MARKS: Final[dict[str, type[Event]]] = {
    "decision": CaseDecided,
    "verification_id": VerificationRequested,
    "customer": CaseSubmitted,
    "queue": CaseReferred,
    "answer_by": CaseAsked,
    "clock": SlaMilestone,
}
"""The field by which the body of an event is known."""

Texts: TypeAlias = Annotated[
    Path | None,
    typer.Option("--texts", envvar="EVENHAND_MESSAGES_DIR", help="Folder of the bank's own texts."),
]


@app.callback()
def group() -> None:
    """Look at what customers are told."""


@app.command(
    epilog=example(
        "evenhand message preview --event own_slip_forgiven --lang pl",
        "evenhand message preview --event decided.json --lang uk --html > answer.html",
    )
)
def preview(  # noqa: PLR0913 - options
    *,
    event: Annotated[
        str, typer.Option(help="The body of an event in a JSON file, or the name of an example.")
    ],
    lang: Annotated[Language, typer.Option(help="Language of the message.")] = Language.EN,
    html: Annotated[bool, typer.Option("--html/--plain", help="Which part to print.")] = False,
    sms: Annotated[bool, typer.Option("--sms", help="Print the SMS instead.")] = False,
    name: Annotated[str, typer.Option(help="The customer's name.")] = "Anna Nowak",
    jurisdiction: Annotated[
        str | None, typer.Option(help="Country whose bodies are named; default: the event's.")
    ] = None,
    texts: Texts = None,
    as_json: AsJson = False,
) -> None:
    """Print the message that an event makes us send."""
    sample = _sample(event)
    voice = Voice.load(texts)
    place = (jurisdiction or sample.jurisdiction).upper()
    sample = replace(sample, jurisdiction=place, content=with_last_days(sample.content, place))
    shortly = pages.say_shortly(voice, sample, lang)
    message = pages.say(voice, sample, lang, name)
    if as_json:
        said = {"subject": message.subject, "plain": message.plain, "html": message.html}
        emit({**said, "sms": shortly})
    elif sms:
        line(shortly)
    elif html:
        line(message.html.rstrip("\n"))
    else:
        line(f"{message.subject}\n\n{message.plain.rstrip()}")


@app.command(epilog=example("evenhand message gallery gallery/"))
def gallery(
    folder: Annotated[Path, typer.Argument(help="Where index.html is written.")],
    *,
    texts: Texts = None,
    as_json: AsJson = False,
) -> None:
    """Write every message in every language as one static page."""
    found = samples()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(pages.page(Voice.load(texts), found), encoding="utf-8")
    if as_json:
        emit({"path": str(path), "messages": len(found), "languages": len(Language)})
    else:
        line(f"{len(found)} messages in {len(Language)} languages: {path}")


def _sample(event: str) -> Sample:
    """Find an example by its name, or read an event.

    Raises:
        EvenhandError: there is no such example or file, or the event tells the customer nothing.

    """
    found = {sample.name: sample for sample in samples()}
    if event in found:
        return found[event]
    path = Path(event)
    if not path.is_file():
        names = ", ".join(found)
        raise EvenhandError(f"no file and no example is called {event}; examples: {names}")
    happened = _read(path)
    content = content_of(happened)
    if content is None:
        raise EvenhandError(f"{path}: this event tells the customer nothing")
    place = getattr(happened, "jurisdiction", None)
    return Sample(path.stem, content, place or "")


def _read(path: Path) -> Event:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EvenhandError(f"{path}: is not JSON") from error
    model = next((m for mark, m in _MARKS.items() if isinstance(body, dict) and mark in body), None)
    if model is None:
        raise EvenhandError(f"{path}: is not the body of an event that customers are told of")
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise EvenhandError(f"{path}: {place}: {first['msg']}") from error
