"""`evenhand log`: the decision log, and whether it is as it was written."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import typer

from evenhand import settings
from evenhand.database import connected
from evenhand.output import AsJson, complain, emit, example, line
from services.classifier import corrections
from services.decision import erasing, log
from services.decision.erasing import Erased, Open
from services.decision.log import Sound, Verdict
from services.notifier import forgetting
from shared.errors import Rejected

app = typer.Typer(
    name="log",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The decision log.",
    epilog=example("evenhand log verify"),
)

_HASH_BYTES = 32


@app.callback()
def group() -> None:
    """Look into the decision log."""


@app.command(
    epilog=example(
        "evenhand log verify",
        "evenhand log verify --expect $(cat head-of-yesterday) --json",
    )
)
def verify(
    *,
    expect: Annotated[
        str | None,
        typer.Option(help="Hash that an earlier run printed; it must still be in the chain."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole decision log and say whether an entry was changed, taken out or moved.

    Prints the hash at its end: note it elsewhere, so that a later run can tell whether the end was
    cut off. Exits 1 where the log is broken.
    """
    verdict = asyncio.run(_verify(_hash(expect)))
    if as_json:
        emit(_told(verdict))
    elif isinstance(verdict, Sound):
        line(f"{verdict.entries} entries, sound; inputs erased in {verdict.erased}")
        line(f"head {verdict.head.hex()}")
    else:
        complain(f"entry {verdict.position}: {verdict.what}")
    if not isinstance(verdict, Sound):
        raise typer.Exit(1)


async def _verify(expected: bytes | None) -> Verdict:
    async with connected(settings.admin_database_url()) as connection:
        await connection.execute("SET search_path TO decision")
        return await log.verify(connection, expected)


@app.command(epilog=example("evenhand log erase --case 019aa3…"))
def erase(
    *,
    case: Annotated[UUID, typer.Option(help="The case, which has its answer.")],
    as_json: AsJson = False,
) -> None:
    """Erase what a customer wrote, and what was noted of it, also for the tagger to learn from.

    What was decided and why stays in the log, under the case's opaque id; the log stays sound, and
    says that its inputs were erased. The customer's page, documents and messages go whole. Events
    leave the outbox with their keeping time.
    """
    entries = asyncio.run(_erase(case))
    if as_json:
        emit({"case_id": str(case), "entries": entries})
    else:
        line(f"inputs of {entries} entries erased" if entries else "nothing was left to erase")


async def _erase(case: UUID) -> int:
    async with connected(settings.admin_database_url()) as connection, connection.transaction():
        await connection.execute("SET LOCAL search_path TO decision")
        done = await erasing.erase(connection, case)
        if isinstance(done, Erased):
            await connection.execute("SET LOCAL search_path TO classifier")
            await corrections.erase_case(connection, case)
            await connection.execute("SET LOCAL search_path TO notifier")
            await forgetting.erase(connection, [case])
    if isinstance(done, Erased):
        return done.entries
    if isinstance(done, Open):
        raise Rejected(f"--case: it is {done.state}; it can be erased when it has its answer")
    raise Rejected("--case: there is no such case")


def _told(verdict: Verdict) -> dict[str, Any]:
    if isinstance(verdict, Sound):
        return {
            "ok": True,
            "entries": verdict.entries,
            "erased": verdict.erased,
            "head": verdict.head.hex(),
        }
    return {"ok": False, "position": verdict.position, "problem": verdict.what}


def _hash(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text.strip())
    except ValueError:
        found = b""
    if len(found) != _HASH_BYTES:
        raise typer.BadParameter("--expect: must be the 64 hex digits that `log verify` printed")
    return found
