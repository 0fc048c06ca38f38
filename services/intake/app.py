"""Puts intake together: its HTTP application, the read model's hop, committing and reconciling."""

from typing import Final

import asyncpg
from fastapi import FastAPI
from opentelemetry.trace import Tracer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from services.intake import batch, docs, problems, projection, routes_cases, routes_read
from services.intake.commit import GroupCommit
from services.intake.keys import ApiKeys
from services.intake.observe import Observed
from services.intake.problems import ProblemError
from services.intake.reconcile import Reconciler
from services.intake.requests import Intake
from services.intake.settings import IntakeSettings
from services.intake.store import Messages
from shared import ops
from shared.postgres import is_transient
from shared.run import Build, Parts, Service

_DATABASE_ERRORS: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


def builder(settings: IntakeSettings) -> Build:
    """Return what builds intake with these settings."""

    async def build(parts: Parts) -> Service:
        return assemble(parts, settings)

    return build


def assemble(parts: Parts, settings: IntakeSettings) -> Service:
    """Build intake."""
    commits = GroupCommit(
        parts.pool,
        parts.publisher,
        parts.tracer,
        parts.source,
        redrive_after=settings.reconcile_after,
    )
    messages = Messages(
        parts.pool,
        parts.publisher,
        parts.tracer,
        parts.source,
        settings.reconcile_after,
        commits.handover.add,
    )
    keys = ApiKeys(parts.pool)
    intake = Intake(settings, parts.pool, parts.tracer, commits, messages, (keys,))
    reconciler = Reconciler(
        parts.pool,
        settings,
        parts.source,
        parts.tracer,
        lambda: parts.publisher.connected,
    )
    return Service(
        hops=(projection.hop(),),
        loops=(commits.run, reconciler.run),
        http=build_http(intake, parts.probe, parts.tracer),
    )


def build_http(intake: Intake, probe: ops.Probe, tracer: Tracer) -> ASGIApp:
    """Build the HTTP application; every refusal is a problem document."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=[*ops.routes(intake.settings, probe)],
        redirect_slashes=False,
    )
    app.add_exception_handler(ProblemError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_as_framework)
    for away in _DATABASE_ERRORS:
        app.add_exception_handler(away, _database_is_away)
    app.add_exception_handler(Exception, _fail)
    for router in (
        batch.routes(intake),
        routes_cases.routes(intake),
        routes_read.routes(intake),
        docs.routes(intake, app),
    ):
        app.include_router(router)
    return Observed(app, tracer)


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
