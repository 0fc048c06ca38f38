"""A running mail catcher, for a test in its own process or for the command line."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local.mailbox.app import build
from deploy.local.mailbox.box import InMemory, Mailbox
from deploy.local.mailbox.folder import Folder
from deploy.local.mailbox.receiving import Connection, Script
from deploy.local.web import HttpServer, serve


@dataclass(frozen=True, slots=True)
class MailCatcher:
    """Mail goes to `smtp_port`; people and tests read at `url`."""

    smtp_port: int
    http_port: int
    url: str
    mailbox: Mailbox
    smtp: asyncio.Server
    http: HttpServer
    connections: set[Connection]

    async def stop(self) -> None:
        """Take no more mail; what was acknowledged is kept, as far as it outlives the process."""
        self.smtp.close()
        await asyncio.gather(*(connection.close() for connection in self.connections))
        await self.smtp.wait_closed()
        await self.http.stop()


async def start(
    *,
    smtp_port: int = 0,
    http_port: int = 0,
    host: str = "127.0.0.1",
    folder: Path | None = None,
    script: Script | None = None,
) -> MailCatcher:
    """Start the catcher; port 0 takes a free one, without a folder all is in memory.

    `script` makes it fail on demand. Raises OSError when a port is taken or the folder unusable.
    """
    contents = InMemory() if folder is None else Folder(folder)
    mailbox = Mailbox(contents, time.time)
    connections: set[Connection] = set()
    smtp = await asyncio.get_running_loop().create_server(
        lambda: Connection(mailbox, script, connections), host, smtp_port
    )
    try:
        http = await serve(build(mailbox), host=host, port=http_port)
    except OSError:
        smtp.close()
        raise
    shown_host = f"[{host}]" if ":" in host else host
    return MailCatcher(
        smtp_port=smtp.sockets[0].getsockname()[1],
        http_port=http.port,
        url=f"http://{shown_host}:{http.port}",
        mailbox=mailbox,
        smtp=smtp,
        http=http,
        connections=connections,
    )
