"""`evenhand demo`: the whole system, started, given the sample cases and shown at work."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID, uuid4

import httpx
import typer

from deploy.local import state
from deploy.local.settings import ClassifierVariables, Options, StackSettings
from deploy.local.stack import Stack
from evenhand import outcome, summary
from evenhand.intake import Intake
from evenhand.output import AsJson, complain, emit, example, is_coloured, line, terminal
from evenhand.progress import CaseProgress
from evenhand.service import Json
from evenhand.up import follow_restarts, places, running
from services.notifier.status_page.links import Links
from shared import clock
from shared.settings import load

app = typer.Typer(rich_markup_mode=None)

SAMPLES: Final = Path(state.__file__).parent.parent / "samples" / "cases.jsonl"

_AT_ONCE: Final = 8
_PAGE: Final = "200"
_EVERY: Final = 0.2
_WITHIN: Final = 60.0
_LINK_FOR: Final = timedelta(days=1)
_TRACED_WITHIN: Final = 5.0
_MOST_TRACES: Final = "1000"


@app.command(epilog=example("evenhand demo", "evenhand demo --keep"))
def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep it running afterwards, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the system at work on sample cases.

    Starts everything afresh, hands in the cases and tells what became of each; exits 1 when one of
    them was neither decided nor given to a person, and its customer was not asked anything.
    """
    settings = load(StackSettings)
    ports = settings.ports.yielding()
    for name in ("intake", "traces", "inbox"):
        wanted, given = getattr(settings.ports, name), getattr(ports, name)
        if wanted not in (0, given):
            complain(f"port {wanted} of {name} is taken; this demo uses {given}")
    options = Options(
        folder=settings.home / "demo",
        ports=ports,
        broker=settings.broker,
        fresh=True,
        log_level=settings.log_level,
        classifier=load(ClassifierVariables).given(),
    )
    cases = SAMPLES.read_bytes().splitlines()
    if not asyncio.run(_demo(options, cases, keep=keep, as_json=as_json)):
        raise typer.Exit(1)


async def _demo(options: Options, cases: Sequence[bytes], *, keep: bool, as_json: bool) -> bool:
    follow_restarts()
    if not as_json:
        line("Starting database, broker, trace page, inbox and the four services ...")
    async with running(options) as (stack, stopped):
        if not as_json:
            line(f"Ready after {stack.seconds['all']:.1f} s. Handing in {len(cases)} cases.")
        work = asyncio.create_task(_handle(stack, cases, as_json=as_json))
        interrupted = asyncio.create_task(stopped.wait())
        await asyncio.wait({work, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            raise typer.Exit(130)
        done = work.result()
        if keep:
            if not as_json:
                line(f"Running until Ctrl-C; for other commands: EVENHAND_HOME={stack.folder}")
            await stopped.wait()
        interrupted.cancel()
    return done


async def _handle(stack: Stack, cases: Sequence[bytes], *, as_json: bool) -> bool:
    """Hand in the cases, follow them to their answers, and tell; says whether all got one."""
    address, key = stack.addresses.intake_url, stack.state.api_key.get_secret_value()
    with Intake(address, key) as intake, CaseProgress(len(cases), silent=as_json) as progress:
        receipts = await _submit(intake, cases, progress)
        found = await _follow(intake, receipts, progress)
    answered = [case for case in found if outcome.settled(case)]
    mails, traces = await _counts(stack, len(cases))
    if as_json:
        for case in found:
            emit(summary.row(case))
        emit(summary.totals(found, mails=mails, traces=traces))
        return len(answered) == len(cases)
    screen = terminal()
    screen.print(summary.outcomes(found))
    screen.print(summary.evidence(found, colour=is_coloured(screen)))
    screen.print(summary.closing(found, mails=mails, traces=traces))
    one = receipts[0]
    shown = [("a case", one["status_url"]), ("its page", _page(stack, one))]
    for name, address in [*places(stack), *shown]:
        line(f"{name:<10} {address}")
    if len(answered) < len(cases):
        complain(f"{len(cases) - len(answered)} cases have no answer; see {stack.folder / 'logs'}")
    return len(answered) == len(cases)


def _page(stack: Stack, receipt: Json) -> str:
    """Return where the customer follows a case; every mail has such a link."""
    secret = stack.state.status_secret.get_secret_value()
    links = Links(stack.addresses.services["notifier"], [secret], _LINK_FOR)
    return links.link(UUID(receipt["case_id"]), clock.now())


async def _submit(intake: Intake, cases: Sequence[bytes], progress: CaseProgress) -> list[Json]:
    free = asyncio.Semaphore(_AT_ONCE)

    async def submit(case: bytes) -> Json:
        async with free:
            receipt = await asyncio.to_thread(intake.submit, case, str(uuid4()))
        progress.handed_in()
        return receipt

    return await asyncio.gather(*(submit(case) for case in cases))


async def _follow(intake: Intake, receipts: Sequence[Json], progress: CaseProgress) -> list[Json]:
    """Watch until every customer was told, or for as long as that may take; return the cases."""
    found: dict[str, Json] = {}
    waiting = [receipt["case_id"] for receipt in receipts]
    give_up = time.monotonic() + _WITHIN
    while waiting and time.monotonic() < give_up:
        await asyncio.sleep(_EVERY)
        statuses = await asyncio.to_thread(_statuses, intake)
        for case_id in list(waiting):
            if not outcome.may_be_settled(statuses.get(case_id)):
                continue
            case = await asyncio.to_thread(intake.case, case_id)
            if not outcome.settled(case):
                continue
            if case_id not in found:
                progress.answered(case)
            found[case_id] = case
            if outcome.told(case):
                waiting.remove(case_id)
                progress.told()
    for case_id in waiting:
        found[case_id] = await asyncio.to_thread(intake.case, case_id)
    return [found[receipt["case_id"]] for receipt in receipts]


def _statuses(intake: Intake) -> dict[str, str]:
    return {case["case_id"]: case["status"] for case in intake.cases({"limit": _PAGE})}


async def _counts(stack: Stack, cases: int) -> tuple[int, int]:
    """Return the mails that arrived and the traces of cases, once those had time to arrive."""
    addresses = stack.addresses
    give_up = time.monotonic() + _TRACED_WITHIN
    asked = {"service": "evenhand-intake", "operation": "POST /v1/cases", "limit": _MOST_TRACES}
    async with httpx.AsyncClient(timeout=10.0) as http:
        mails = (await http.get(f"{addresses.inbox_url}/api/counts")).json()["messages"]
        while True:
            answer = await http.get(f"{addresses.traces_url}/api/traces", params=asked)
            traces = len(answer.json()["data"])
            if traces >= cases or time.monotonic() > give_up:
                return mails, traces
            await asyncio.sleep(_EVERY)
