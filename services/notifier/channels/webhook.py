"""The way of signed webhooks (Standard Webhooks 1.0).

Invariants: nothing is sent to an address inside the bank's network, whatever a name resolves to
or a receiver redirects to; of an answer only the status is read; a repeat carries the same id.

A receiver that says it is gone, or whose address we refuse, is disabled at once; one that fails ten
times and for a day, then.
"""

import asyncio
import ipaddress
import json
import logging
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx
from standardwebhooks import Webhook

from services.notifier.attempts import Attempt, Deferred, Refused, Said, Sent
from services.notifier.domain import (
    Asked,
    Channel,
    Closed,
    Content,
    Delayed,
    DocumentRefused,
    FinalAnswer,
    InReview,
    Outgoing,
    Receipt,
    Verifying,
)
from services.notifier.tray import Tray
from shared import clock
from shared.events.case import Status

_log = logging.getLogger(__name__)

PAYLOAD: Final = "payload"
"""Stands for the texts' version: there are no texts in a payload."""
_GONE: Final = 410
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_STATUS: Final = {
    Receipt: Status.RECEIVED,
    InReview: Status.IN_REVIEW,
    Delayed: Status.DELAYED,
    Asked: Status.WAITING_FOR_YOU,
    Verifying: Status.IN_REVIEW,
    Closed: Status.CLOSED,
    FinalAnswer: Status.DECIDED,
}
"""What a notice says of the case; nothing where the case stands as before."""


class RefusedAddressError(ValueError):
    """We do not send to this address; the text does not repeat it."""


def payload(outgoing: Outgoing) -> bytes:
    """Return the body: what the customer may know, never tags."""
    plan = outgoing.plan
    status = _STATUS.get(type(plan.content))
    return json.dumps(
        {
            "type": f"evenhand.notice.{plan.content.notice}",
            "timestamp": plan.planned_at.isoformat().replace("+00:00", "Z"),
            "data": {
                "case_id": str(plan.case_id),
                **({"status": status} if status else {}),
                **_details(plan.content),
                **({"again": True} if outgoing.again_at else {}),
                "language": outgoing.language,
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


_DETAILS: Final[Mapping[type[Content], frozenset[str]]] = {
    InReview: frozenset({"answer_due_at"}),
    Delayed: frozenset({"promised", "due_at", "reason"}),
    Asked: frozenset({"question", "answer_by"}),
    Verifying: frozenset({"answer_by"}),
    DocumentRefused: frozenset({"name"}),
    Closed: frozenset({"answered_at", "disposition"}),
    FinalAnswer: frozenset({"disposition", "basis", "remedies", "reasons"}),
}
_NOW_AND_THEN: Final[Mapping[type[Content], frozenset[str]]] = {
    InReview: frozenset({"deadline"}),
    FinalAnswer: frozenset({"automatic", "paid_by"}),
}
"""Said only where there is something to say: proofs of notices before that stay good."""


def _details(content: Content) -> dict[str, object]:
    always, sometimes = (set(each.get(type(content), ())) for each in (_DETAILS, _NOW_AND_THEN))
    return content.model_dump(mode="json", include=always) | content.model_dump(
        mode="json", include=sometimes, exclude_defaults=True
    )


class Hooks:
    """Sends by webhook, several at a time."""

    channel = Channel.WEBHOOK
    workers = 32
    most_in_hand = 64

    def __init__(self, secret: str, patience: timedelta, *, allow_private: bool) -> None:
        self._signer = Webhook(secret)
        self._patience = patience.total_seconds()
        self._allow_private = allow_private
        # No connection is kept: it is opened to the address that was checked for this receiver.
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=self._patience,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def closed_for(self) -> float:
        """Return zero: receivers fail one by one."""
        return 0.0

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def work(self, tray: Tray) -> None:
        """Send one after the other until cancelled."""
        while True:
            job = await tray.take()
            try:
                attempt = await self._send(job.outgoing)
            except Exception as error:  # noqa: BLE001 - see below
                # A defect of ours must not stop the others; it is tried again.
                _log.exception("a webhook could not be sent")
                attempt = Deferred(f"not sent: {type(error).__name__}")
            tray.report(job, attempt)

    async def _send(self, outgoing: Outgoing) -> Attempt:
        if outgoing.disabled:
            return Refused("the receiver is disabled")
        body = payload(outgoing)
        now = clock.now()
        headers = {
            "content-type": "application/json",
            "user-agent": "evenhand",
            "webhook-id": str(outgoing.id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._sign(str(outgoing.id), now, body),
        }
        try:
            async with asyncio.timeout(self._patience):
                status = await self._post(outgoing.recipient.webhook or "", headers, body)
        except RefusedAddressError as error:
            return Refused(str(error), contact=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            return Deferred(type(error).__name__)
        if httpx.codes.is_success(status):
            return Sent(Said(None, sha256(body).digest(), PAYLOAD))
        return Refused("410", contact=True) if status == _GONE else Deferred(str(status))

    def _sign(self, identity: str, now: datetime, body: bytes) -> str:
        return self._signer.sign(identity, now, body.decode())

    async def _post(self, address: str, headers: dict[str, str], body: bytes) -> int:
        url = _checked(address, allow_http=self._allow_private)
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        target = await self._resolve(host, port)
        literal = f"[{target}]" if ":" in target else target
        path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
        # The checked address itself is called: a second look at the name could find another one.
        request = self._client.build_request(
            "POST",
            f"{url.scheme}://{literal}:{port}{path}",
            headers={**headers, "host": url.netloc},
            content=body,
            extensions={"sni_hostname": host},
        )
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code

    async def _resolve(self, host: str, port: int) -> str:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(is_public(one) for one in addresses):
            raise RefusedAddressError("the address is not public")
        return addresses[0]


def _checked(address: str, *, allow_http: bool) -> SplitResult:
    try:
        url = urlsplit(address)
        url.port  # noqa: B018 - raises where it is no number
    except ValueError as error:
        raise RefusedAddressError("not an address of a webhook") from error
    if url.scheme not in ({"https", "http"} if allow_http else {"https"}):
        raise RefusedAddressError("a webhook must be https")
    if not url.hostname or "@" in url.netloc or not address.isascii() or not address.isprintable():
        raise RefusedAddressError("not an address of a webhook")
    return url


def is_public(address: str) -> bool:
    """Say whether an IP address is out on the internet, also where IPv6 wraps an IPv4 one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
        if ip.teredo is not None or ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast
