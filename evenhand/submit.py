"""`evenhand submit`: hands in one case, or many as JSON lines."""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import uuid4

import orjson
import typer

from evenhand.intake import Intake
from evenhand.output import AsJson, complain, emit, example, line
from evenhand.service import Json
from shared.errors import Rejected
from shared.events.case import Category, Channel, Product

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog=example(
        'evenhand submit --customer C-1029 --channel web --text "I paid a day late, sorry."',
        "evenhand submit case.json",
        "evenhand submit --json < cases.jsonl",
    )
)
def submit(  # noqa: PLR0913 - one option per field of a case
    file: Annotated[
        Path | None,
        typer.Argument(help="A case as JSON, or many as JSON lines; `-` or none reads stdin."),
    ] = None,
    *,
    customer: Annotated[str | None, typer.Option(help="The customer's id.")] = None,
    text: Annotated[str | None, typer.Option(help="The customer's message.")] = None,
    channel: Annotated[Channel, typer.Option(help="How the customer came.")] = Channel.API,
    category: Annotated[Category | None, typer.Option(help="What it is about.")] = None,
    product: Annotated[Product | None, typer.Option(help="Of which product it is.")] = None,
    name: Annotated[str | None, typer.Option(help="The customer's name.")] = None,
    language: Annotated[
        str | None, typer.Option(help="Preferred language: en, ru, uk, pl.")
    ] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="Country, ISO 3166-1: PL.")] = None,
    email: Annotated[str | None, typer.Option(help="Where the answer goes.")] = None,
    claim: Annotated[str | None, typer.Option(help='What is claimed: "12.50 PLN".')] = None,
    fact: Annotated[
        list[str] | None, typer.Option(help="What the bank knows: paid_at=2026-11-01T02:10+01:00")
    ] = None,
    received_at: Annotated[str | None, typer.Option(help="When it came, with offset.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key; the same key again is the same case.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hand in cases.

    One from options, or one or many from a file or stdin; exits 0 once all are durably stored.
    """
    if (customer is None) != (text is None):
        raise typer.BadParameter("--customer and --text go together")
    if customer is not None and file is not None:
        raise typer.BadParameter("give a file or options, not both")
    with Intake.from_settings() as intake:
        if customer is not None:
            case = _without_nothing(
                {
                    "customer": {
                        "id": customer,
                        "name": name,
                        "language": language,
                        "jurisdiction": jurisdiction,
                        "contacts": {"email": email},
                    },
                    "channel": channel,
                    "category": category,
                    "product": product,
                    "text": text,
                    "received_at": received_at,
                    "claim": _money(claim),
                    "facts": dict(_fact(pair) for pair in fact or ()),
                }
            )
            _one(intake, orjson.dumps(case), key, as_json=as_json)
        elif file is None or str(file) == "-":
            _from(intake, sys.stdin.buffer, key, as_json=as_json)
        else:
            try:
                with file.open("rb") as cases:
                    _from(intake, cases, key, as_json=as_json)
            except OSError as error:
                raise typer.BadParameter(f"{file}: {error.strerror}") from error


def _from(intake: Intake, source: BinaryIO, key: str | None, *, as_json: bool) -> None:
    """Read one JSON document, or JSON lines: then the first line is a document by itself."""
    lines = iter(source)
    begun = list(_until_the_second(lines))
    written = [line for line in begun if line.strip()]
    if not written:
        raise Rejected("no case: the input is empty")
    if len(written) == 1 or not _whole(written[0]):
        _one(intake, b"".join([*begun, *lines]), key, as_json=as_json)
        return
    # Blank lines go along: a refusal names the line of the file.
    _many(intake, chain(begun, lines), key or str(uuid4()), as_json=as_json)


def _until_the_second(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield lines up to the second that is not blank, that one included."""
    written = 0
    for one in lines:
        yield one
        written += bool(one.strip())
        if written > 1:
            return


def _one(intake: Intake, case: bytes, key: str | None, *, as_json: bool) -> None:
    answer = intake.submit(case, key or str(uuid4()))
    if as_json:
        emit(answer)
    else:
        _tell(answer)


def _many(intake: Intake, cases: Iterator[bytes], key: str, *, as_json: bool) -> None:
    refused = 0
    for answer in intake.submit_all(cases, key):
        accepted = "case_id" in answer
        refused += not accepted
        if as_json:
            emit(answer)
        elif accepted:
            _tell(answer)
        else:
            complain(f"line {answer['line']}: {answer['detail']}")
    if refused:
        complain(f"{refused} of the cases were refused")
        raise typer.Exit(1)


def _tell(answer: Json) -> None:
    line(f"{answer['case_id']}  {answer['status_url']}")


def _whole(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _money(claim: str | None) -> Json | None:
    if claim is None:
        return None
    amount, _, currency = claim.partition(" ")
    if not currency:
        raise typer.BadParameter('--claim: write amount and currency: "12.50 PLN"')
    return {"amount": amount, "currency": currency.strip()}


def _fact(pair: str) -> tuple[str, object]:
    name, sign, value = pair.partition("=")
    if not sign:
        raise typer.BadParameter(f"--fact {pair}: write name=value")
    return name, {"true": True, "false": False, "null": None}.get(value, value)


def _without_nothing(value: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    if isinstance(value, dict):
        kept = {name: _without_nothing(part) for name, part in value.items() if part is not None}
        return {name: part for name, part in kept.items() if part != {}}
    return value
