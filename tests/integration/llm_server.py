"""A chat endpoint on this machine that behaves as a test wants: well, or badly."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ChatServer:
    """What it was asked, and how it answers."""

    answer: Answer
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                lengths = [line for line in head.lower().split("\r\n") if "content-length" in line]
                body = await reader.readexactly(int(lengths[0].split(":")[1]))
                self.asked.append(json.loads(body))
                await self.answer(self.asked[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.at_once -= 1
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def messages(self, kind: str) -> list[str]:
        """Return the data of the questions of a kind, as they were sent."""
        return [
            asked["messages"][1]["content"]
            for asked in self.asked
            if asked["response_format"]["json_schema"]["name"] == kind
        ]


def raw(status: str, body: bytes, *headers: str) -> Answer:
    """Answer with these bytes."""

    async def answer(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    return answer


def completion(content: str, **more: object) -> bytes:
    """Return the document that holds an answer's text."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": content},
    }
    return json.dumps(
        {"id": "x", "choices": [choice | more], "usage": {"total_tokens": 200}}
    ).encode()


def saying(**by_kind: dict[str, Any] | str) -> Answer:
    """Answer each kind of question with one document, or with a text as it is."""

    async def answer(asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        said = by_kind[asked["response_format"]["json_schema"]["name"]]
        content = said if isinstance(said, str) else json.dumps(said)
        await raw("200 OK", completion(content))(asked, writer)

    return answer


async def hanging(_: dict[str, Any], __: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def trickling(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """Answer a byte at a time, each long before anybody would call it silence."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """Answer until nobody listens."""
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0)


async def dropping(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """Begin an answer and hang up."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
    await writer.drain()
    writer.transport.abort()


@contextlib.asynccontextmanager
async def chat_server(answer: Answer) -> AsyncIterator[ChatServer]:
    """Run the server on a free port; it gives this answer until a test sets another."""
    chat = ChatServer(answer)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(chat(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 20)
    chat.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    yield chat
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
