"""The sink over HTTP: spans come in by OTLP, go out as Jaeger's JSON and as pages.

Invariant: an export is answered 200 only when every one of its spans is held.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from deploy.local.traces import jaeger
from deploy.local.traces.otlp import (
    JSON,
    MAX_BODY_BYTES,
    PROTOBUF,
    TRACE_ID_BYTES,
    BadExport,
    TooLarge,
    index,
    protobuf_from_json,
    unpack,
)
from deploy.local.traces.search import BadQuery, Query, find, query_from
from deploy.local.traces.store import TraceStore
from deploy.local.traces.waterfall import CASE_ID, summary, waterfall
from deploy.local.web import PageHeaders, page_templates

HERE = Path(__file__).parent
LISTED = 50
INVALID_ARGUMENT = 3
"""google.rpc.Code, which OTLP puts into the body of a refusal."""

Endpoint = Callable[[Request], Awaitable[Response]]


def build(store: TraceStore) -> Starlette:
    return Starlette(
        routes=[
            Route("/v1/traces", _receive(store), methods=["POST"]),
            *_query_routes(store),
            *_page_routes(store),
        ],
        middleware=[Middleware(PageHeaders)],
    )


def _receive(store: TraceStore) -> Endpoint:
    async def receive(request: Request) -> Response:
        encoding = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if encoding not in {PROTOBUF, JSON}:
            return Response(f"send {PROTOBUF} or {JSON}\n", 415, media_type="text/plain")
        try:
            body = unpack(
                await _body(request), request.headers.get("content-encoding", "").strip().lower()
            )
            store.add(index(protobuf_from_json(body) if encoding == JSON else body))
        except BadExport as error:
            code = 413 if isinstance(error, TooLarge) else 400
            return Response(_refusal(encoding, str(error)), code, media_type=encoding)
        return Response(b"{}" if encoding == JSON else b"", media_type=encoding)

    return receive


async def _body(request: Request) -> bytes:
    parts = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise TooLarge(f"body is larger than {MAX_BODY_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _refusal(encoding: str, message: str) -> bytes:
    if encoding == JSON:
        return orjson.dumps({"code": INVALID_ARGUMENT, "message": message})
    status: bytes = Status(code=INVALID_ARGUMENT, message=message).SerializeToString()
    return status


def _json(content: object, code: int = 200) -> Response:
    return Response(orjson.dumps(content), code, media_type=JSON)


def _query_routes(store: TraceStore) -> list[Route]:
    async def services(_: Request) -> Response:
        return _json(jaeger.answer(sorted(store.operations())))

    async def operations(request: Request) -> Response:
        names = store.operations().get(request.path_params["service"], set())
        return _json(jaeger.answer(sorted(names)))

    async def traces(request: Request) -> Response:
        try:
            found = find(store, query_from(request.query_params))
        except BadQuery as error:
            return _json(jaeger.failure(400, str(error)), 400)
        return _json(jaeger.answer([jaeger.trace(spans) for spans in found]))

    async def one_trace(request: Request) -> Response:
        trace_id = _trace_id(request.path_params["trace_id"])
        if trace_id is None:
            return _json(jaeger.failure(400, "malformed trace id: expecting up to 32 hex"), 400)
        spans = store.spans(trace_id)
        if not spans:
            return _json(jaeger.failure(404, "trace not found"), 404)
        return _json(jaeger.answer([jaeger.trace(spans)]))

    async def health(_: Request) -> Response:
        held = {"traces": store.trace_count, "spans": store.span_count}
        return _json({"status": "ok", **held})

    return [
        Route("/healthz", health),
        Route("/api/services", services),
        Route("/api/services/{service}/operations", operations),
        Route("/api/traces", traces),
        Route("/api/traces/{trace_id}", one_trace),
    ]


def _page_routes(store: TraceStore) -> list[Route]:
    templates = page_templates(HERE / "templates")
    templates.filters["instant"] = _instant

    async def listing(request: Request) -> Response:
        service = request.query_params.get("service", "")
        case = request.query_params.get("case", "").strip()
        query = Query(service=service or None, tags={CASE_ID: case} if case else {}, limit=LISTED)
        page = templates.get_template("traces.html").render(
            traces=[summary(spans) for spans in find(store, query)],
            services=sorted(store.operations()),
            service=service,
            case=case,
            held=store.trace_count,
            listed=LISTED,
        )
        return HTMLResponse(page)

    async def one_trace(request: Request) -> Response:
        trace_id = _trace_id(request.path_params["trace_id"])
        spans = store.spans(trace_id) if trace_id else []
        if not spans:
            raise HTTPException(404, "This trace is not held: it never came, or it was dropped.")
        page = templates.get_template("trace.html").render(
            summary=summary(spans), waterfall=waterfall(spans)
        )
        return HTMLResponse(page)

    async def style(_: Request) -> Response:
        return FileResponse(HERE / "templates" / "style.css", media_type="text/css")

    return [
        Route("/", listing),
        Route("/trace/{trace_id}", one_trace),
        Route("/style.css", style),
    ]


def _trace_id(text: str) -> bytes | None:
    """Jaeger also takes ids without their leading zeros."""
    digits = 2 * TRACE_ID_BYTES
    if not text.isalnum() or len(text) > digits:
        return None
    try:
        return bytes.fromhex(text.rjust(digits, "0"))
    except ValueError:
        return None


def _instant(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).isoformat(sep=" ", timespec="milliseconds")
