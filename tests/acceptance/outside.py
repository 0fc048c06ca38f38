"""The system from outside: intake's API, the mails that arrive, the traces that are shown."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

import httpx

Json: TypeAlias = dict[str, Any]
Found = TypeVar("Found")

_POLL = 0.1
_WITHIN = 60.0


async def until(
    look: Callable[[], Awaitable[Found | None]], *, what: str, within: float = _WITHIN
) -> Found:
    """Look again and again until something is found; fail with `what` was awaited."""
    give_up = time.monotonic() + within
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"not within {within:g} s: {what}")
        await asyncio.sleep(_POLL)


@dataclass(frozen=True, slots=True)
class Outside:
    """Clients of a running system; `api` shows a key with all roles."""

    api: httpx.AsyncClient
    inbox: httpx.AsyncClient
    traces: httpx.AsyncClient

    async def submit(self, case: Json, key: str | None = None) -> str:
        """Hand in a case; returns its id."""
        response = await self.api.post(
            "/v1/cases", json=case, headers={"Idempotency-Key": key or str(uuid4())}
        )
        assert response.status_code == 202, response.text
        case_id: str = response.json()["case_id"]
        return case_id

    async def case(self, case_id: str) -> Json:
        response = await self.api.get(f"/v1/cases/{case_id}")
        assert response.status_code == 200, response.text
        shown: Json = response.json()
        return shown

    async def answered(self, case_id: str, within: float = _WITHIN) -> Json:
        """Wait until a case was decided or given to a person; returns it."""

        async def look() -> Json | None:
            case = await self.case(case_id)
            return case if case["decision"] or case["referral"] else None

        return await until(look, what=f"an answer in case {case_id}", within=within)

    async def told(self, case_id: str, within: float = _WITHIN) -> Json:
        """Wait until the customer was told more than that the case has come; returns the case."""

        async def look() -> Json | None:
            case = await self.case(case_id)
            entries = [entry for entry in case["timeline"] if entry["event"] == "notified"]
            return case if any(entry["notice"] != "receipt" for entry in entries) else None

        return await until(look, what=f"a message in case {case_id}", within=within)

    async def mails(self, case_id: str) -> Sequence[Json]:
        """Return the mails of a case that have arrived."""
        response = await self.inbox.get("/api/messages", params={"case": case_id})
        mails: list[Json] = response.raise_for_status().json()["messages"]
        return mails

    async def trace(self, trace_id: str) -> Sequence[Json]:
        """Return the spans of a trace that have arrived; none where it is not known (yet)."""
        response = await self.traces.get(f"/api/traces/{trace_id}")
        if response.status_code == 404:
            return []
        spans: list[Json] = response.raise_for_status().json()["data"][0]["spans"]
        return spans
