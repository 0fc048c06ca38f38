"""The review desk's HTTP interface as the command line uses it; refusals become one line each."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from evenhand import settings
from evenhand.client import Json, refusal
from shared.errors import Retryable

_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)


class DeskClient:
    """The desk at one address with one key.

    Every method raises `Rejected` where the answer will stay the same (wrong input, unknown case,
    missing role) and `Retryable` where the desk is away; both name what to do.
    """

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT
        )

    @classmethod
    def from_settings(cls) -> Self:
        return cls(*settings.decision())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Json:
        return self._json("GET", path, params=dict(params or {}))

    def post(self, path: str, body: Json) -> Json:
        return self._json("POST", path, json=body)

    def _json(self, method: str, path: str, **request: Any) -> Json:  # noqa: ANN401 - httpx's own
        try:
            response = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise Retryable(
                f"no answer from the desk at {self.address} ({type(error).__name__}); "
                "is the decision service running (`evenhand up`)?"
            ) from error
        if response.is_error:
            raise refusal(response)
        answer: Json = response.json()
        return answer
