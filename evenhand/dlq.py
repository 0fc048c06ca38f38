"""`evenhand dlq`: parked messages of all services, and their way back to the topic.

Invariant: a letter counts as replayed only after the broker has acknowledged it. A crash between
the two repeats the message, which its readers' inboxes make a no-op.
"""

import asyncio
import base64
import logging
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import typer
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from evenhand import settings
from evenhand.database import connected
from evenhand.output import AsJson, complain, emit, example, line, table, terminal
from shared import dead_letters
from shared.errors import EvenhandError
from shared.events.catalogue import DeadLetter
from shared.kafka import build_producer
from shared.migrate import SERVICES
from shared.postgres import Connection

app = typer.Typer(
    name="dlq",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Messages that could not be handled.",
    epilog=example("evenhand dlq list", "evenhand dlq replay --all"),
)

_COLUMNS: Final = ("id", "service", "consumer", "topic", "error", "attempts", "parked at")
_ALL: Final = 1_000_000


@app.command("list", epilog=example("evenhand dlq list --json | jq -r .id"))
def list_(
    *,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those replayed, too.")] = False,
    most: Annotated[int, typer.Option("--limit", min=1, help="Most of each service.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List parked messages, newest first, without their bodies (they hold personal data)."""
    letters = asyncio.run(_listed(replayed=replayed, most=most))
    if as_json:
        for letter in letters:
            emit(letter)
    elif letters:
        terminal().print(
            table(_COLUMNS, [[row[c.replace(" ", "_")] for c in _COLUMNS] for row in letters])
        )
    else:
        line("No parked messages.")


@app.command(epilog=example("evenhand dlq replay 6f0d5c1e-6b4f-5d3a-9d0e-2a1f7c0b8e55"))
def replay(
    ids: Annotated[list[UUID] | None, typer.Argument(help="Ids as `dlq list` shows them.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put messages back on their topic in their old words; repair the cause before."""
    if bool(ids) == everything:
        raise typer.BadParameter("name ids, or give --all")
    missing = asyncio.run(_replay(ids, as_json=as_json))
    for identity in missing:
        complain(f"{identity}: no such parked message")
    if missing:
        raise typer.Exit(1)


async def _listed(*, replayed: bool, most: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with connected(settings.admin_database_url()) as connection:
        for service in SERVICES:
            await _enter(connection, service)
            rows = await dead_letters.listed(connection, replayed=replayed, most=most)
            found += [{"service": service, **row} for row in rows]
    return sorted(found, key=lambda row: row["parked_at"], reverse=True)


async def _enter(connection: Connection, service: str) -> None:
    await connection.execute("SELECT set_config('search_path', $1, false)", service)


async def _replay(ids: list[UUID] | None, *, as_json: bool) -> list[UUID]:
    """Replay letters one by one, oldest first; return the ids that no service knows."""
    # What it would log for every try is told once, below.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    async with connected(settings.admin_database_url()) as connection:
        producer = build_producer(settings.kafka(), "evenhand-dlq")
        try:
            await producer.start()
            found: set[UUID] = set()
            for service in SERVICES:
                await _enter(connection, service)
                for identity in ids or await _waiting(connection):
                    if await _back(connection, producer, identity):
                        found.add(identity)
                        _tell(service, identity, as_json=as_json)
        except (KafkaError, OSError) as error:
            raise EvenhandError(
                f"the broker did not take the message ({type(error).__name__}); it stays parked"
            ) from error
        finally:
            await producer.stop()
    return [identity for identity in ids or () if identity not in found]


async def _waiting(connection: Connection) -> list[UUID]:
    rows: list[asyncpg.Record] = await dead_letters.listed(connection, replayed=False, most=_ALL)
    return [row["id"] for row in reversed(rows)]


async def _back(connection: Connection, producer: AIOKafkaProducer, identity: UUID) -> bool:
    async with connection.transaction():
        letter = await dead_letters.take_for_replay(connection, identity)
        if letter is None:
            return False
        await _send(producer, letter)
        return True


async def _send(producer: AIOKafkaProducer, letter: DeadLetter) -> None:
    await producer.send_and_wait(
        letter.topic,
        base64.b64decode(letter.body),
        key=None if letter.key is None else base64.b64decode(letter.key),
        headers=[(name, base64.b64decode(value)) for name, value in letter.headers],
    )


def _tell(service: str, identity: UUID, *, as_json: bool) -> None:
    if as_json:
        emit({"service": service, "id": str(identity), "replayed": True})
    else:
        line(f"{identity}  replayed ({service})")
