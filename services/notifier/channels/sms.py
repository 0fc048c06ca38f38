"""The way of SMS, through a gateway that speaks Kannel's `sendsms` (Kannel user guide, chapter 6).

Invariant: while the gateway is away, or does not know us, notices stay in the queue and none of
their attempts is counted. A gateway has no key by which it could tell a repeat: a time-out after it
took the message leads to a second SMS, unless its delivery report comes before the next attempt.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import httpx

from services.notifier.attempts import Attempt, Deferred, Early, Refused, Said, Sent, Untried
from services.notifier.channels.links import Link
from services.notifier.channels.pacing import Pace
from services.notifier.channels.segments import short
from services.notifier.domain import Channel, Outgoing
from services.notifier.messages.render import Voice
from services.notifier.reaching import phone_of
from services.notifier.tray import Tray

_log = logging.getLogger(__name__)

_REPORTS: Final = 1 | 2 | 8 | 16
"""Asks for word of: delivered, not delivered, taken by the operator, refused by the operator."""
_AUTHORISATION: Final = b"authori"
_LONGEST_ANSWER: Final = 1000
_PAUSE: Final = 5.0
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where SMS are handed over; `report_url` says for a notice where the gateway reports to."""

    url: str
    username: str
    password: str
    sender: str
    patience: timedelta
    most_parts: int
    report_url: Callable[[UUID], str] | None = None


class _AwayError(Exception):
    """The gateway cannot be used by anybody now."""


class Texting:
    """Sends SMS, several at a time."""

    channel = Channel.SMS
    workers = 8
    most_in_hand = 64

    def __init__(self, voice: Voice, gateway: Gateway, link: Link, pace: Pace) -> None:
        self._voice = voice
        self._gateway = gateway
        self._link = link
        self._pace = pace
        self._closed_until = 0.0
        self._client = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=gateway.patience.total_seconds()
        )

    def closed_for(self) -> float:
        """Return for how many seconds the gateway is left alone."""
        return max(0.0, self._closed_until - asyncio.get_running_loop().time())

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def work(self, tray: Tray) -> None:
        """Send one after the other until cancelled."""
        while True:
            job = await tray.take()
            try:
                attempt = await self._send(job.outgoing)
            except _AwayError as error:
                _log.warning("SMS gateway is away: %s", error)
                self._closed_until = asyncio.get_running_loop().time() + _PAUSE
                attempt = Untried()
            except Exception as error:  # noqa: BLE001 - see below
                # A defect of ours must not stop the others; it is tried again.
                _log.exception("an SMS could not be sent")
                attempt = Deferred(f"not sent: {type(error).__name__}")
            tray.report(job, attempt)

    async def _send(self, outgoing: Outgoing) -> Attempt:
        if self.closed_for() > 0:
            return Untried()
        number = phone_of(outgoing.recipient.phone)
        if number is None:
            return Refused("not an international phone number", contact=True)
        text, proof = self._words(outgoing)
        if outgoing.taken:
            return Sent(proof)
        sms = short(text)
        if sms.parts > self._gateway.most_parts:
            return Refused(f"too long: {sms.parts} parts of an SMS")
        if wait := self._pace.wait(outgoing, number):
            return Early(wait)
        gateway = self._gateway
        query: dict[str, str | int] = {
            "username": gateway.username,
            "password": gateway.password,
            "from": gateway.sender,
            "to": number,
            "text": sms.text,
            "charset": "UTF-8",
            "coding": sms.coding,
        }
        if gateway.report_url is not None:
            query |= {"dlr-mask": _REPORTS, "dlr-url": gateway.report_url(outgoing.id)}
        return await self._hand_over(query, proof)

    def _words(self, outgoing: Outgoing) -> tuple[str, Said]:
        plan = outgoing.plan
        link = self._link(plan.case_id, plan.planned_at)
        text = self._voice.say_shortly(
            plan.content,
            language=outgoing.language,
            jurisdiction=outgoing.recipient.jurisdiction,
            link=link,
            again_at=outgoing.again_at,
        )
        masked = text.replace(link, "{link}")
        return text, Said(None, sha256(masked.encode()).digest(), self._voice.version)

    async def _hand_over(self, query: dict[str, str | int], proof: Said) -> Attempt:
        try:
            async with (
                asyncio.timeout(self._gateway.patience.total_seconds()),
                self._client.stream("GET", self._gateway.url, params=query) as answer,
            ):
                start = await _start_of(answer)
        except httpx.ConnectError as error:
            raise _AwayError(type(error).__name__) from error
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            return Deferred(type(error).__name__)
        status = answer.status_code
        if status == httpx.codes.UNAUTHORIZED or (
            status == httpx.codes.FORBIDDEN and _AUTHORISATION in start.lower()
        ):
            raise _AwayError("it does not take our name or password")
        if status in {httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.BAD_GATEWAY}:
            raise _AwayError(str(status))
        if status >= _SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS:
            return Deferred(str(status))
        return Sent(proof) if httpx.codes.is_success(status) else Refused(str(status))


async def _start_of(answer: httpx.Response) -> bytes:
    """Return how an answer begins; of a long one no more is read."""
    start = b""
    async for chunk in answer.aiter_bytes():
        start += chunk
        if len(start) >= _LONGEST_ANSWER:
            break
    return start[:_LONGEST_ANSWER]
