"""Serving a small local web application: on a port of its choice, until it is told to stop.

Invariant: no page may load anything from elsewhere or run a script, whatever it shows.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import uvicorn
import uvloop
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

GRACE_SECONDS = 2
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PageHeaders:
    """Adds the security headers to every response that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in PAGE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process decides when to stop."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """A running HTTP server; `port` is the one it really listens on."""

    def __init__(self, server: _Server, serving: asyncio.Task[None], port: int) -> None:
        self._server = server
        self._serving = serving
        self.port = port

    async def stop(self) -> None:
        """Finish the requests in progress, then close."""
        self._server.should_exit = True
        await self._serving


async def serve(app: ASGIApp, *, host: str, port: int) -> HttpServer:
    """Serve `app`; return once it answers. Raises OSError when the port cannot be had."""
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=512)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.005)
    return HttpServer(server, serving, listener.getsockname()[1])


def page_templates(folder: Path) -> Environment:
    """Templates that escape everything and fail on a name that is not there."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Stoppable(Protocol):
    """What `run` starts and, on a signal, stops."""

    async def stop(self) -> None: ...


Running = TypeVar("Running", bound=Stoppable)


def run(start: Callable[[], Awaitable[Running]], announce: Callable[[Running], str]) -> int:
    """Run until SIGTERM or SIGINT; one line on stdout when ready. Returns the exit code."""
    try:
        uvloop.run(_until_signalled(start, announce))
    except OSError as error:
        sys.stderr.write(f"cannot listen: {error}\n")
        return 1
    return 0


async def _until_signalled(
    start: Callable[[], Awaitable[Running]], announce: Callable[[Running], str]
) -> None:
    stop_asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_asked.set)
    running = await start()
    sys.stdout.write(f"{announce(running)}\n")
    sys.stdout.flush()
    await stop_asked.wait()
    await running.stop()
