"""A service's HTTP interface as the command line uses it; refusals become one line each."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import httpx

from evenhand import settings
from shared.errors import EvenhandError, Rejected, Retryable

Json: TypeAlias = dict[str, Any]

_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
_SERVER_ERROR: Final = 500


class Service:
    """A service at one address with one key; `name` is what an error calls it.

    Every method raises `Rejected` where the answer will stay the same (wrong input, unknown case,
    missing role) and `Retryable` where the service is away; both name what to do.
    """

    def __init__(self, name: str, address: str, key: str) -> None:
        self.name = name
        self.address = address
        self.http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Json:
        return self.ask("GET", path, params=dict(params or {}))

    def post(self, path: str, body: Json, headers: Mapping[str, str] | None = None) -> Json:
        return self.ask("POST", path, json=body, headers=dict(headers or {}))

    def ask(self, method: str, path: str, **request: Any) -> Json:  # noqa: ANN401 - httpx's own
        """Send one request and return the document that answers it."""
        answer: Json = self._answer(method, path, **request).json()
        return answer

    def content(self, path: str) -> bytes:
        """Return what a path holds, as it is."""
        return self._answer("GET", path).content

    def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        try:
            response = self.http.request(method, path, **request)
        except httpx.TransportError as error:
            raise self.away(error) from error
        if response.is_error:
            raise refusal(response)
        return response

    def away(self, error: httpx.TransportError) -> Retryable:
        """Say that nobody answered, and what to try."""
        return Retryable(
            f"no answer from {self.name} at {self.address} ({type(error).__name__}); "
            "is the system running (`evenhand up`)?"
        )


def refusal(response: httpx.Response) -> EvenhandError:
    """Put a problem document (RFC 9457) into one line."""
    try:
        problem = response.json()
        text = str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        text = response.reason_phrase
    if response.status_code == httpx.codes.UNAUTHORIZED:
        text += " (the key comes from EVENHAND_API_KEY; `evenhand key create` makes one)"
    kind = Retryable if response.status_code >= _SERVER_ERROR else Rejected
    return kind(f"{response.status_code}: {text}")


def open_desk() -> Service:
    """Reach the review desk, which the decision service serves."""
    return Service("the desk", *settings.decision())


def open_notifier() -> Service:
    """Reach the notifier: what customers were told, and the documents that they added."""
    return Service("the notifier", *settings.notifier())
