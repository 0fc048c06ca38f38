"""Puts the status page together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from services.notifier.domain import Channel, Language
from services.notifier.messages.texts import Texts
from services.notifier.status_page.acting import Acting, Wakes
from services.notifier.status_page.clamd import Clamd
from services.notifier.status_page.gate import Gate
from services.notifier.status_page.links import Links
from services.notifier.status_page.looking import Looking
from services.notifier.status_page.pages import Pages
from services.notifier.status_page.replies import Replies, client_of
from services.notifier.status_page.routes import routes
from services.notifier.status_page.scanning import Scanning
from services.notifier.status_page.watching import Watching
from shared.run import Loop, Parts


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom the page works with: intake with its key, the scanner; either may be missing."""

    intake_url: str
    intake_key: str | None
    clamd: Clamd | None


@dataclass(frozen=True, slots=True)
class Assembled:
    """The page's share of the service."""

    router: APIRouter
    loops: Sequence[Loop]
    close: Sequence[Callable[[], Awaitable[None]]]


def assemble(  # noqa: PLR0913 - the parts of the page
    parts: Parts,
    links: Links,
    base_url: str,
    outside: Outside,
    *,
    messages: Mapping[Language, Texts],
    offered: Collection[Channel],
) -> Assembled:
    """Build the page; without a key for intake it shows cases and takes nothing in.

    Raises:
        pydantic.ValidationError: a text is missing or wrong.

    """
    watching = Watching(parts.pool, parts.stop)
    wakes = None
    loops: list[Loop] = [watching.run]
    close: list[Callable[[], Awaitable[None]]] = []
    if outside.intake_key is not None:
        client = client_of(outside.intake_url, outside.intake_key)
        wakes = Wakes(asyncio.Event(), asyncio.Event() if outside.clamd else None)
        loops.append(Replies(parts.pool, client, wakes.replies).run)
        close.append(client.aclose)
        if outside.clamd is not None and wakes.scanner is not None:
            scanning = Scanning(parts, outside.clamd, wakes.scanner, wakes.replies, offered)
            loops.append(scanning.run)
    gate = Gate(links, Pages(base_url, messages), parts.pool)
    looking = Looking(gate, watching, writable=wakes is not None)
    return Assembled(routes(looking, Acting(gate, looking, wakes, offered)), loops, close)
