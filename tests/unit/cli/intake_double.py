"""A small HTTP server with the interface of intake that remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override


@dataclass(slots=True)
class Intake:
    """What it was sent, and what it answers; `answers` go by method and path."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[tuple[str, str], list[tuple[int, Any]]] = field(default_factory=dict)

    def will_answer(self, method: str, path: str, *answers: tuple[int, Any]) -> None:
        """Answer one after the other; the last one stays."""
        self.answers[method, path] = list(answers)


@contextmanager
def serving() -> Iterator[Intake]:
    intake = Intake()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = self._chunks()
            intake.requests.append((self.command, self.path, dict(self.headers), body))
            answers = intake.answers[self.command, self.path.partition("?")[0]]
            status, content = answers.pop(0) if len(answers) > 1 else answers[0]
            lines = content if isinstance(content, list) else [content]
            text = "".join(json.dumps(line) + "\n" for line in lines).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        do_GET = answer  # noqa: N815 - the name that http.server calls
        do_POST = answer  # noqa: N815 - as above

        @override
        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    intake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield intake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
