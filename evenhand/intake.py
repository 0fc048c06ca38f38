"""Intake's HTTP interface as the command line uses it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Self
from urllib.parse import quote

import httpx
import orjson

from evenhand import settings
from evenhand.service import Json, Service, refusal

_LINES: Final = 5000

# W3C trace context with the flag "not sampled": who watches a case leaves no traces of it.
_UNTRACED: Final = {"traceparent": "00-6576656e68616e642d77617463686573-6576656e68616e64-00"}


class Intake(Service):
    """Intake at one address with one key."""

    def __init__(self, address: str, key: str) -> None:
        super().__init__("intake", address, key)

    @classmethod
    def from_settings(cls) -> Self:
        return cls(*settings.intake())

    def submit(self, case: bytes, idempotency_key: str) -> Json:
        """Hand in one case; the same key and body again is the same case."""
        return self.ask(
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
            if not any(line.strip() for line in chunk):
                first += len(chunk)
                continue
            key = idempotency_key if first == 0 else f"{idempotency_key}+{first}"
            for result in self._submit_some(chunk, key):
                yield {**result, "line": first + result["line"]}
            first += len(chunk)

    def _submit_some(self, cases: Iterable[bytes], idempotency_key: str) -> Iterator[Json]:
        try:
            with self.http.stream(
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
            raise self.away(error) from error

    def case(self, case_id: str) -> Json:
        return self.ask("GET", f"/v1/cases/{quote(case_id, safe='')}", headers=_UNTRACED)

    def cases(self, filters: Mapping[str, str]) -> Iterator[Json]:
        """List cases, newest first, from as many pages as are asked for."""
        query = dict(filters)
        while True:
            page = self.ask("GET", "/v1/cases", params=query, headers=_UNTRACED)
            yield from page["cases"]
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]
