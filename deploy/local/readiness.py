"""Waits until parts answer: `/readyz`, and for a service that its consumers have joined."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from deploy.local.processes import tail
from shared.errors import EvenhandError

_WITHIN: Final = 60.0
_POLL: Final = 0.05


class NotReadyError(EvenhandError):
    """A part died or was not ready in time; the text ends with the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A part that is asked whether it is ready; a sink (`hops` false) only has to answer."""

    name: str
    url: str
    log: Path
    hops: bool


async def until_ready(parts: Sequence[Asked], *, died: Callable[[], str | None]) -> None:
    """Wait until all are ready.

    Raises:
        NotReadyError: one is not after a minute, or `died` names one.

    """
    give_up = time.monotonic() + _WITHIN
    waiting = {part.name: part for part in parts}
    async with httpx.AsyncClient(timeout=5.0) as http:
        while True:
            answers = await asyncio.gather(*(_ready(http, part) for part in waiting.values()))
            for part, ready in zip(list(waiting.values()), answers, strict=True):
                if ready:
                    del waiting[part.name]
            if not waiting:
                return
            if (name := died()) is not None:
                log = next(part.log for part in parts if part.name == name)
                raise NotReadyError(f"{name} did not start; the last lines of {log}:\n{tail(log)}")
            if time.monotonic() > give_up:
                late = next(iter(waiting.values()))
                raise NotReadyError(
                    f"{late.name} is not ready after {_WITHIN:.0f} seconds; "
                    f"the last lines of {late.log}:\n{tail(late.log)}"
                )
            await asyncio.sleep(_POLL)


async def _ready(http: httpx.AsyncClient, part: Asked) -> bool:
    try:
        if not part.hops:
            return (await http.get(part.url)).is_success
        if (await http.get(f"{part.url}/readyz")).is_error:
            return False
        metrics = await http.get(f"{part.url}/metrics")
    except httpx.TransportError:
        return False
    return "evenhand_hops_running 1.0" in metrics.text.splitlines()
