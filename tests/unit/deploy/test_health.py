"""The health check of a container."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

import pytest
from typing_extensions import override

from deploy.local.ports import free_port

HEALTH: Final = Path(__file__).parents[3] / "deploy" / "compose" / "health.py"


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def _asked(port: int, path: str) -> int:
    words = [sys.executable, str(HEALTH), str(port), path]
    return subprocess.run(words, check=False).returncode  # noqa: S603 - our own program


def test_a_service_that_answers_200_is_healthy(port: int) -> None:
    assert _asked(port, "/healthz") == 0


def test_a_service_that_is_not_ready_is_not_healthy(port: int) -> None:
    assert _asked(port, "/readyz") == 1


def test_a_service_that_does_not_answer_is_not_healthy() -> None:
    assert _asked(free_port(), "/healthz") == 1
