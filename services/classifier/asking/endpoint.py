"""Calls an OpenAI-compatible chat endpoint, once for a question, and never twice for one.

Invariants: no redirect is followed, no proxy of the environment used and no cookie kept; of an
answer no more than a bound is read; a call ends with its time. Nothing of question or answer is
logged.
"""

import asyncio
import json
import math
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from services.classifier.asking.opinions import Failed
from services.classifier.asking.questions import Question, schema_of
from services.classifier.asking.settings import AskingSettings
from shared import clock

_LONGEST_ANSWER: Final = 64 * 1024
ANSWER_TOKENS: Final = 400
_MOST_TOKENS: Final = 1_000_000
_SEED: Final = 7
_BUSY: Final = frozenset({429, 503})


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None


@dataclass(frozen=True, slots=True)
class Said:
    """The text of an answer, and what it cost, where the endpoint tells."""

    text: str
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Unsaid(Failed):
    """There is no answer; `wait` is how many seconds the endpoint asked to be left alone."""

    wait: float | None = None


class Endpoint:
    """One endpoint, several questions at a time."""

    def __init__(self, settings: AskingSettings) -> None:
        self._settings = settings
        self._url = f"{str(settings.url).rstrip('/')}/chat/completions"
        key, authority = settings.key, settings.ca_file
        self._client = httpx.AsyncClient(
            headers={
                "user-agent": "evenhand",
                "accept": "application/json",
                "accept-encoding": "identity",
                **({} if key is None else {"authorization": f"Bearer {key.get_secret_value()}"}),
            },
            timeout=settings.timeout.total_seconds(),
            limits=httpx.Limits(max_connections=settings.at_once),
            verify=True if authority is None else ssl.create_default_context(cafile=authority),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def ask(self, question: Question) -> Said | Unsaid:
        """Ask once; never raises for what the endpoint does."""
        try:
            async with (
                asyncio.timeout(self._settings.timeout.total_seconds()),
                self._client.stream("POST", self._url, json=self._body(question)) as response,
            ):
                body = await _read(response)
        except (TimeoutError, httpx.TimeoutException):
            return Unsaid("timeout")
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return Unsaid("unreachable")
        if response.status_code in _BUSY:
            return Unsaid("busy", wait_of(response.headers))
        if response.status_code != httpx.codes.OK:
            return Unsaid("status")
        if len(body) > _LONGEST_ANSWER:
            return Unsaid("too_long")
        return _said(body)

    def _body(self, question: Question) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._settings.model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.data},
            ],
            "temperature": 0,
            "seed": _SEED,
            "max_tokens": ANSWER_TOKENS,
        }
        if self._settings.response_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        elif self._settings.response_format == "json_schema":
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": question.kind,
                    "strict": True,
                    "schema": schema_of(question),
                },
            }
        return body


async def _read(response: httpx.Response) -> bytes:
    """Read an answer, and no more of it than proves that it is too long."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _LONGEST_ANSWER:
            break
    return bytes(body)


def _said(body: bytes) -> Said | Unsaid:
    try:
        completion = _Completion.model_validate(json.loads(body))
    except (ValueError, ValidationError, RecursionError):
        return Unsaid("unreadable")
    choice = completion.choices[0]
    if choice.finish_reason not in {None, "stop"}:
        return Unsaid("unreadable")
    return Said(choice.message.content, _tokens_of(completion.usage))


def _tokens_of(usage: object) -> int | None:
    """Return what an answer cost; a count that cannot be one spoils no answer."""
    told = usage.get("total_tokens") if isinstance(usage, dict) else None
    return told if type(told) is int and 0 <= told <= _MOST_TOKENS else None


def wait_of(headers: Mapping[str, str]) -> float:
    """Return how many seconds the endpoint asks to be left alone; 0 where it does not say."""
    said = headers.get("retry-after", "")
    try:
        seconds = float(said)
    except ValueError:
        try:
            until = parsedate_to_datetime(said)
            until = until if until.tzinfo else until.replace(tzinfo=UTC)
            seconds = (until - clock.now()).total_seconds()
        except (ValueError, OverflowError):
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
