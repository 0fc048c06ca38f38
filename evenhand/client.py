"""Intake's HTTP interface as the command line uses it; refusals become one line each."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from urllib.parse import quote

import httpx
import orjson

from evenhand import settings
from shared.errors import EvenhandError, Rejected, Retryable

Json: TypeAlias = dict[str, Any]

_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
_SERVER_ERROR: Final = 500
_LINES: Final = 5000

# W3C trace context with the flag "not sampled": who watches a case leaves no traces of it.
_UNTRACED: Final = {"traceparent": "00-6576656e68616e642d77617463686573-6576656e68616e64-00"}


class Intake:
    """Intake at one address with one key.

    Every method raises `Rejected` where the answer will stay the same (wrong input, unknown case,
    refused key) and `Retryable` where intake is away; both name what to do.
    """

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT
        )

    @classmethod
    def from_settings(cls) -> Self:
        return cls(*settings.intake())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def submit(self, case: bytes, idempotency_key: str) -> Json:
        """Hand in one case; the same key and body again is the same case."""
        return self._json(
            "POST",
            "/v1/cases",
            content=case,
            headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
        )

    def submit_all(self, cases: Iterable[bytes], idempotency_key: str) -> Iterator[Json]:
        """Hand in many cases, one JSON object a line; yields one result per case as it comes.

        In requests of some thousand lines: HTTP/1.1 reads no result before all was sent.
        """
        lines = iter(cases)
        first = 0
        while chunk := list(islice(lines, _LINES)):
            key = idempotency_key if first == 0 else f"{idempotency_key}+{first}"
            for result in self._submit_some(chunk, key):
                yield {**result, "line": first + result["line"]}
            first += len(chunk)

    def _submit_some(self, cases: Iterable[bytes], idempotency_key: str) -> Iterator[Json]:
        try:
            with self._http.stream(
                "POST",
                "/v1/cases:batch",
                content=(case.rstrip(b"\r\n") + b"\n" for case in cases),
                headers={
                    "Content-Type": "application/x-ndjson",
                    "Idempotency-Key": idempotency_key,
                },
                timeout=httpx.Timeout(30.0, read=None),
            ) as response:
                if response.is_error:
                    response.read()
                    raise refusal(response)
                for line in response.iter_lines():
                    if line:
                        yield orjson.loads(line)
        except httpx.TransportError as error:
            raise self._away(error) from error

    def case(self, case_id: str) -> Json:
        return self._json("GET", f"/v1/cases/{quote(case_id, safe='')}", headers=_UNTRACED)

    def cases(self, filters: Mapping[str, str]) -> Iterator[Json]:
        """List cases, newest first, from as many pages as are asked for."""
        query = dict(filters)
        while True:
            page = self._json("GET", "/v1/cases", params=query, headers=_UNTRACED)
            yield from page["cases"]
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]

    def _json(self, method: str, path: str, **request: Any) -> Json:  # noqa: ANN401 - httpx's own
        try:
            response = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise self._away(error) from error
        if response.is_error:
            raise refusal(response)
        answer: Json = response.json()
        return answer

    def _away(self, error: httpx.TransportError) -> Retryable:
        return Retryable(
            f"no answer from intake at {self.address} ({type(error).__name__}); "
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
