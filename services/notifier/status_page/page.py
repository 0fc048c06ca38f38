"""Puts the status page together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from services.notifier.domain import Language
from services.notifier.messages.texts import Texts
from services.notifier.status_page.links import Links
from services.notifier.status_page.pages import Pages
from services.notifier.status_page.replies import Replies, client_of
from services.notifier.status_page.routes import StatusPage
from services.notifier.status_page.watching import Watching
from shared.run import Loop, Parts


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
    *,
    intake_url: str,
    intake_key: str | None,
    messages: Mapping[Language, Texts],
) -> Assembled:
    """Build the page; without a key for intake it shows cases and takes nothing in.

    Raises:
        pydantic.ValidationError: a text is missing or wrong.

    """
    watching = Watching(parts.pool, parts.stop)
    replies = None
    loops: list[Loop] = [watching.run]
    close: list[Callable[[], Awaitable[None]]] = []
    if intake_key is not None:
        client = client_of(intake_url, intake_key)
        replies = Replies(parts.pool, client, asyncio.Event())
        loops.append(replies.run)
        close.append(client.aclose)
    page = StatusPage(links, Pages(base_url, messages), parts.pool, watching, replies)
    return Assembled(page.routes(), loops, close)
