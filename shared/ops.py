"""The pages every service has for its platform: alive, ready, metrics."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a service needs right now, and whether it is there."""

    database: bool
    broker: bool

    @property
    def ready(self) -> bool:
        return self.database and self.broker


Probe = Callable[[], Awaitable[Readiness]]


def routes(settings: ServiceSettings, probe: Probe) -> list[Route]:
    """Return `/healthz`, `/readyz` and `/metrics`."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        state = await probe()
        parts = {
            "database": "reachable" if state.database else "unreachable",
            "broker": "reachable" if state.broker else "unreachable",
        }
        return JSONResponse(
            {"status": "ready" if state.ready else "not ready", **parts},
            status_code=200 if state.ready else 503,
        )

    async def metrics(request: Request) -> Response:
        if not _may_read_metrics(settings, request.headers.get("authorization", "")):
            return JSONResponse(
                {
                    "type": "about:blank",
                    "title": "Unauthorized",
                    "status": 401,
                    "detail": "Show the token of EVENHAND_METRICS_TOKEN as a bearer token.",
                },
                status_code=401,
                media_type="application/problem+json",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]


def _may_read_metrics(settings: ServiceSettings, authorization: str) -> bool:
    if settings.open_metrics:
        return True
    if settings.metrics_token is None:
        return False
    expected = f"Bearer {settings.metrics_token.get_secret_value()}"
    return hmac.compare_digest(authorization.encode(), expected.encode())
