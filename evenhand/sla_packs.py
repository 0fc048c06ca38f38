"""`evenhand sla packs` and `evenhand sla plan`: the clocks, as a bank's lawyer reads them."""

from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from evenhand.output import AsJson, complain, emit, line, table, terminal
from services.decision.clock import load
from services.decision.clock.choose import CaseFacts
from services.decision.clock.ladder import Rung
from services.decision.clock.load import Packs
from services.decision.clock.model import Buffer, Limit, Pack
from services.decision.clock.plan import Clock
from services.decision.clock.plan import plan as planned
from shared import clock
from shared.events.case import Category, Facts, Product

_MARKS: Final = {
    "V": "the rule's text was read",
    "S": "a regulator's or bank's summary",
    "K": "general knowledge",
    "own": "our own aim",
}
Folder = Annotated[
    Path | None, typer.Option("--packs", help="Folder of packs; none: the shipped ones.")
]


def packs(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this one whole.")] = None,
    *,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List the packs of deadlines with source and confidence mark; or show one with its ladder.

    V: the rule's text was read; S: a summary was; K: general knowledge; own: the bank's own aim.
    """
    known = load.load(folder or load.SHIPPED)
    found = [pack for pack in known.packs if name in (None, pack.id)]
    if not found:
        complain(f"there is no pack {name!r}; there are: {', '.join(p.id for p in known.packs)}")
        raise typer.Exit(1)
    if as_json:
        for pack in found:
            emit(_pack_json(pack, known))
    elif name is None:
        columns = ("pack", "place", "for", "what is due", "within", "extension to", "mark", "title")
        terminal().print(table(columns, [_row(pack) for pack in found]))
    else:
        _show(terminal(), found[0], known)


def plan(  # noqa: PLR0913 - what is known of a case
    *,
    jurisdiction: Annotated[str | None, typer.Option(help="ISO 3166-1 alpha-2: PL.")] = None,
    product: Annotated[Product | None, typer.Option(help="What the case is about.")] = None,
    category: Annotated[Category, typer.Option(help="What the case is.")] = Category.OTHER,
    received_at: Annotated[
        str | None, typer.Option(help="ISO 8601 with offset; none: now.")
    ] = None,
    promised_by: Annotated[
        str | None, typer.Option(help="A date that the customer was told.")
    ] = None,
    authorised: Annotated[
        bool | None, typer.Option(help="Whether the customer authorised the payment.")
    ] = None,
    fraud: Annotated[bool, typer.Option("--fraud", help="The message speaks of fraud.")] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show the clocks of a case and every rung of their ladders, with the instants at which due."""
    now = clock.now()
    received = now if received_at is None else _instant("--received-at", received_at)
    promised = None if promised_by is None else _instant("--promised-by", promised_by)
    case = CaseFacts(
        jurisdiction and jurisdiction.upper(),
        product,
        category,
        Facts(promised_by=promised, authorised=authorised),
        fraud,
    )
    known = load.load(folder or load.SHIPPED)
    clocks = planned(case, received, min(now, received), known)
    if as_json:
        for each in clocks:
            emit(each.model_dump(mode="json"))
        return
    line(f"Received {received.isoformat(timespec='minutes')}.")
    packs_by_id = {pack.id: pack for pack in known.packs}
    for each in clocks:
        _climb(terminal(), each, packs_by_id[each.pack])


def _instant(option: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(
            f"{option}: write an instant with its offset: 2026-11-20T10:00+01:00"
        )
    return found


def _row(pack: Pack) -> tuple[object, ...]:
    return (
        pack.id,
        pack.place,
        pack.matter,
        pack.role,
        _limit(pack.limit),
        _limit(pack.extension.until) if pack.extension else None,
        pack.confidence,
        pack.title,
    )


def _limit(limit: Limit | Buffer | None) -> str | None:
    return None if limit is None else f"{limit.amount} {limit.unit.replace('_', ' ')}"


def _pack_json(pack: Pack, known: Packs) -> dict[str, Any]:
    rungs = [rung.model_dump(mode="json") for rung in known.ladders[pack.ladder].rungs]
    return {**pack.model_dump(mode="json"), "stamp": known.stamps[pack.id], "rungs": rungs}


def _show(screen: Console, pack: Pack, known: Packs) -> None:
    screen.print(table((pack.id, pack.title), list(_told(pack, known))))
    columns = ("rung", "at", "does", "calls", "jumps the queue")
    rows = [
        (
            rung.name,
            "deadline" if rung.at == "deadline" else f"{rung.at} %",
            rung.action,
            rung.to,
            "yes" if rung.jumps_queue else None,
        )
        for rung in known.ladders[pack.ladder].rungs
    ]
    screen.print(table(columns, rows, f"Ladder {pack.ladder}: shares of receipt to decide-by"))


def _told(pack: Pack, known: Packs) -> Iterator[tuple[str, object]]:
    yield "source", pack.source
    yield "confidence", f"{pack.confidence}: {_MARKS[pack.confidence]}"
    yield "version", known.stamps[pack.id]
    yield "holds for", f"{pack.place}, {pack.matter}"
    yield "what is due", f"{pack.role} ({pack.kind}), met by {pack.met_by}"
    yield "within", _limit(pack.limit) or "the promised date"
    yield "day 0", pack.day_zero
    yield "calendar", pack.calendar
    yield "arrivals from", f"{pack.cut_off} count as the next day" if pack.cut_off else None
    yield "the last day ends at", pack.closes or "midnight"
    yield "kept for sending", _limit(pack.dispatch_buffer)
    if pack.acknowledge:
        yield "acknowledge within", _limit(pack.acknowledge.within)
        yield "which says", ", ".join(pack.acknowledge.contains)
    if pack.extension:
        yield "extension", f"until {_limit(pack.extension.until)}: {pack.extension.rule}"
        yield "its letter says", ", ".join(pack.extension.letter)
    else:
        yield "extension", f"none: {pack.no_extension}"
    if pack.pause:
        yield "pause", f"at most until {_limit(pack.pause.until)}: {pack.pause.rule}"
        yield "for", ", ".join(pack.pause.reasons)
    else:
        yield "pause", f"none: {pack.no_pause}"
    yield "lateness", f"{pack.lateness.effect}: {pack.lateness.text}"
    yield "note", pack.note


def _climb(screen: Console, each: Clock, pack: Pack) -> None:
    zone = ZoneInfo(each.zone)
    late = ", already past on arrival" if each.late_arrival else ""
    line(f"\n{pack.id} ({pack.confidence}): {pack.title}")
    line(
        f"{pack.role} by the end of {each.last_day}{late}; decide by "
        f"{_local(each.decide_by, zone)}; days of {each.calendar}, {each.zone}"
    )
    steps = [
        (step.due, step.rung.name, _does(step.rung), str(step.rung.to or "")) for step in each.rungs
    ]
    if each.acknowledge_by:
        steps.append((each.acknowledge_by, "acknowledge", "the receipt is owed", ""))
    rows = [(_local(due, zone), *what) for due, *what in sorted(steps, key=itemgetter(0))]
    screen.print(table(("due", "rung", "does", "calls"), rows))
    line(f"  If it lapses: {each.lateness.text}")


def _does(rung: Rung) -> str:
    return f"{rung.action}, jumps the queue" if rung.jumps_queue else str(rung.action)


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(" ", "minutes")
