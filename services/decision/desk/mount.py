"""Puts the desk together: all its routes, for the service's HTTP application."""

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, FastAPI
from starlette.requests import Request

from services.decision.clock.load import Packs
from services.decision.desk import routes_cases, routes_deadlines, routes_lists, routes_second
from services.decision.desk.parts import Desk
from services.decision.policy.model import Policy
from shared.http import docs
from shared.keys import ApiKeys
from shared.run import Parts


def routes(
    parts: Parts, policy: Callable[[], Policy], take_lasts: timedelta, packs: Packs
) -> APIRouter:
    """Return the desk's routes.

    `policy` returns the active one; `take_lasts` is how long a person has a case that they took.
    """
    desk = Desk(
        parts.pool,
        parts.publisher,
        parts.tracer,
        parts.source,
        policy,
        (ApiKeys(parts.pool),),
        take_lasts,
        packs,
    )
    router = APIRouter()
    for each in (routes_cases, routes_lists, routes_second, routes_deadlines):
        router.include_router(each.routes(desk))
    return router


def documented(parts: Parts, app: FastAPI) -> APIRouter:
    """Return the page that documents the interface, for anybody with a key of the desk."""
    keys = (ApiKeys(parts.pool),)

    async def admit(request: Request) -> None:
        await docs.admit_by_key(keys, request)

    about = docs.About(
        title="Evenhand review desk",
        description="People take cases over, decide within certificates, ask a second person.",
        server="/",
        admit=admit,
    )
    return docs.routes(about, app)
