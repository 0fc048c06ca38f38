"""A running sink, for a test in its own process or for the command line."""

from dataclasses import dataclass

from deploy.local.traces.app import build
from deploy.local.traces.store import MAX_SPANS, MAX_TRACES, TraceStore
from deploy.local.web import HttpServer, serve


@dataclass(frozen=True, slots=True)
class TraceSink:
    """Exporters send to `url` + /v1/traces; people and tests read at `url`."""

    url: str
    port: int
    store: TraceStore
    server: HttpServer

    async def stop(self) -> None:
        await self.server.stop()


async def start(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    max_traces: int = MAX_TRACES,
    max_spans: int = MAX_SPANS,
) -> TraceSink:
    """Start the sink; port 0 takes a free one. Raises OSError when the port is taken."""
    store = TraceStore(max_traces, max_spans)
    server = await serve(build(store), host=host, port=port)
    shown_host = f"[{host}]" if ":" in host else host
    return TraceSink(f"http://{shown_host}:{server.port}", server.port, store, server)
