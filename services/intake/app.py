"""Puts intake together: its HTTP application, the read model's hop, committing and reconciling."""

from opentelemetry.trace import Tracer
from starlette.types import ASGIApp

from services.intake import batch, docs, projection, routes_cases, routes_read
from services.intake.commit import GroupCommit
from services.intake.reconcile import Reconciler
from services.intake.requests import Intake
from services.intake.settings import IntakeSettings
from services.intake.store import Messages
from shared import ops
from shared.http import app as http
from shared.keys import ApiKeys
from shared.run import Build, Parts, Service


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
    routers = (batch.routes(intake), routes_cases.routes(intake), routes_read.routes(intake))
    app, served = http.build(intake.settings, probe, tracer, routers)
    app.include_router(docs.routes(intake, app))
    return served
