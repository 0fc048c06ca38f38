"""An SMS gateway of our own, on a real port: speaks Kannel's `sendsms`, answers by script."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Type: text/html\r\n\r\n0: Accepted for delivery"
AWAY = b"HTTP/1.1 503 Service Unavailable\r\n\r\n3: Temporal failure, try again later."
UNKNOWN = b"HTTP/1.1 403 Forbidden\r\n\r\nAuthorization failed for sendsms"
DENIED = b"HTTP/1.1 403 Forbidden\r\n\r\nNumber has been denied by black-list"


@dataclass
class SmsGateway:
    """Keeps what was asked for; answers by script, and accepts when there is none."""

    port: int = 0
    answers: list[bytes | None] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cgi-bin/sendsms"

    def settings(self) -> dict[str, object]:
        return {
            "sms_url": self.url,
            "sms_username": "evenhand",
            "sms_password": "gateway password",
            "sms_from": "Bank",
            "quiet_hours": "",
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        query = parse_qs(urlsplit(head.split()[1]).query, strict_parsing=True)
        self.asked.append({name: values[0] for name, values in query.items()})
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if answer is not None:
            writer.write(answer)
        writer.close()


@asynccontextmanager
async def sms_gateway() -> AsyncIterator[SmsGateway]:
    """Run a gateway on a free port."""
    made = SmsGateway()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
