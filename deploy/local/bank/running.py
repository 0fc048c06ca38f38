"""A running sandbox bank, for a test in its own process or for the command line."""

from dataclasses import dataclass

from deploy.local.bank.app import build
from deploy.local.web import HttpServer, serve


@dataclass(frozen=True, slots=True)
class Bank:
    """The decision service asks at `url`; people look there, too."""

    url: str
    server: HttpServer

    async def stop(self) -> None:
        await self.server.stop()


async def start(*, port: int = 0, host: str = "127.0.0.1") -> Bank:
    """Start the bank; port 0 takes a free one. Raises OSError when the port is taken."""
    server = await serve(build(), host=host, port=port)
    shown = f"[{host}]" if ":" in host else host
    return Bank(f"http://{shown}:{server.port}", server)
