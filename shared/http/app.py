"""The HTTP application of a service: its routes, and a problem document for every refusal."""

from collections.abc import Iterable
from typing import Final

import asyncpg
from fastapi import APIRouter, FastAPI
from opentelemetry.trace import Tracer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared import ops
from shared.http import problems
from shared.http.observe import Observed
from shared.http.problems import ProblemError
from shared.postgres import is_transient
from shared.settings import ServiceSettings

_DATABASE_ERRORS: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


def build(
    settings: ServiceSettings, probe: ops.Probe, tracer: Tracer, routers: Iterable[APIRouter]
) -> tuple[FastAPI, Observed]:
    """Build the application; the second of the two observes each request and is what to serve."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=[*ops.routes(settings, probe)],
        redirect_slashes=False,
    )
    app.add_exception_handler(ProblemError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_as_framework)
    for away in _DATABASE_ERRORS:
        app.add_exception_handler(away, _database_is_away)
    app.add_exception_handler(Exception, _fail)
    for router in routers:
        app.include_router(router)
    return app, Observed(app, tracer)


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return error.response()


async def _refuse_as_framework(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    details = {
        404: "There is nothing at this address; see /docs.",
        405: "This address does not know this method; see the Allow header.",
    }
    detail = details.get(error.status_code, "The request cannot be answered; see /docs.")
    return ProblemError(error.status_code, detail, headers=error.headers).response()


async def _database_is_away(_: Request, error: Exception) -> Response:
    if not is_transient(error):
        raise error
    return problems.away().response()


async def _fail(_: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette hands it on to the log itself
    return problems.broken().response()
