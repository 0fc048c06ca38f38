"""One span and one count for every request, and an answer even where a route has failed.

No personal data: the span names the route, never the address; an error its kind, never its text.
"""

import logging
import time
from typing import Final

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, use_span
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import telemetry
from shared.http import problems

_log = logging.getLogger(__name__)

REQUESTS: Final = Counter("evenhand_http_requests", "Requests", ["method", "route", "status"])
SECONDS: Final = Histogram("evenhand_http_seconds", "Time to the end of the answer", ["route"])

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_OUR_FAULT = 500


class Observed:
    """Wraps the application; the span is the current one while a route runs."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in _QUIET:
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        began = time.perf_counter()
        span = self._start(scope, method)
        with use_span(span, end_on_exit=True, record_exception=False):
            try:
                await self._app(scope, receive, send_and_note)
            except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets an answer
                _log.error("%s: %s at %s", _route(scope), type(error).__name__, _place(error))
                if not status:
                    await problems.broken().response()(scope, receive, send_and_note)
            finally:
                _finish(span, method, _route(scope), status)
                _log.info("%s %s: %d", method, _route(scope), status)
                REQUESTS.labels(method, _route(scope), str(status)).inc()
                SECONDS.labels(_route(scope)).observe(time.perf_counter() - began)

    def _start(self, scope: Scope, method: str) -> Span:
        headers = dict(scope["headers"])
        return self._tracer.start_span(
            method,
            context=telemetry.remote_context(
                headers.get(b"traceparent", b"").decode("latin-1"),
                headers.get(b"tracestate", b"").decode("latin-1"),
            ),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
        )


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "unmatched")


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"


def _finish(span: Span, method: str, route: str, status: int) -> None:
    span.update_name(f"{method} {route}")
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= _OUR_FAULT:
        span.set_status(Status(StatusCode.ERROR))
