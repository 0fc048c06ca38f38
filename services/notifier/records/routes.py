"""HTTP for operators, auditors and the bank's mail system; keys of the notifier's own schema."""

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints, field_validator
from starlette.requests import Request
from starlette.responses import Response

from services.notifier.domain import Channel
from services.notifier.notified import notified
from services.notifier.records import reports, store
from services.notifier.records.proof import Proofs
from services.notifier.records.reports import KANNEL, ReportAddress, Word
from services.notifier.records.views import contacts_json, notice_json
from services.notifier.rows import recipient_of
from services.notifier.settling import Closed
from shared import outbox
from shared.events.envelope import event_id
from shared.http import problems
from shared.http.answers import answer
from shared.http.flaws import Flaw, Invalid, Unreadable
from shared.http.forms import AnyForm, Form, read_form
from shared.http.problems import ProblemError
from shared.http.requests import body_of, caller_of, expect_type
from shared.keys import Authenticate, NotifierRole
from shared.run import Parts

_log = logging.getLogger(__name__)

_READERS: Final[tuple[NotifierRole, ...]] = ("staff", "auditor")
_CONNECT: Final = 3.0
_PAGE: Final = 100
_MESSAGE_ID: Final = re.compile(r"<?([0-9a-fA-F-]{36})(?:@[^\s<>@]+)?>?")
_NEWEST: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class AgainForm(Form):
    """Why something is sent again."""

    reason: Line = Field(examples=["The customer says that the first mail never came."])


class BounceForm(Form):
    """An e-mail that came back, as the bank's mail system tells it."""

    message_id: Line = Field(description="Message-ID", examples=["<0b…@bank.example>"])
    status: Line = Field(description="Enhanced status code (RFC 3463)", examples=["5.1.1"])

    @field_validator("message_id")
    @classmethod
    def _is_ours(cls, value: str) -> str:
        if not _MESSAGE_ID.fullmatch(value):
            raise ValueError("must be the Message-ID of one of our e-mails")
        return value

    @field_validator("status")
    @classmethod
    def _is_a_status(cls, value: str) -> str:
        if not re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", value):
            raise ValueError("must be an enhanced status code, like 5.1.1")
        return value


@dataclass(frozen=True, slots=True)
class Records:
    """The routes, with what they need."""

    parts: Parts
    keys: Sequence[Authenticate]
    proofs: Proofs
    offered: Collection[Channel]
    report_address: ReportAddress | None

    def routes(self: Self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["notices"])
        for path, route, method in (
            ("/v1/cases/{case_id}/notices", self.of_case, "GET"),
            ("/v1/cases/{case_id}/notices/{notice_id}/resend", self.resend, "POST"),
            ("/v1/notices/failed", self.failed, "GET"),
            ("/v1/bounces", self.bounce, "POST"),
            ("/v1/sms/{notice_id}", self.sms_report, "GET"),
        ):
            router.add_api_route(path, route, methods=[method], response_class=Response)
        return router

    async def of_case(self, case_id: str, request: Request) -> Response:
        """Tell what was sent in a case: when, by which channel, word for word, with its proof."""
        await caller_of(self.keys, request, *_READERS)
        identity = _id_of(case_id, "case")
        async with self.parts.pool.acquire(timeout=_CONNECT) as connection:
            found = await store.recipient(connection, identity)
            if found is None:
                raise problems.not_found("case")
            recipient = recipient_of(found)
            notices = [
                notice_json(row, await self.proofs.said(connection, row, recipient))
                for row in await store.of_case(connection, identity)
            ]
        contacts = contacts_json(recipient)
        return answer({"case_id": str(identity), "contacts": contacts, "notices": notices})

    async def failed(self, request: Request) -> Response:
        """List what did not reach its customer, the newest first, and disabled webhooks."""
        await caller_of(self.keys, request, *_READERS)
        before = _cursor(request.query_params)
        async with self.parts.pool.acquire(timeout=_CONNECT) as connection:
            rows = await store.failed(connection, before, _PAGE)
            receivers = await store.disabled_receivers(connection, _PAGE)
        last = rows[-1] if len(rows) == _PAGE else None
        return answer(
            {
                "notices": [notice_json(row) for row in rows],
                "next": f"{last['failed_at'].isoformat()}/{last['id']}" if last else None,
                "disabled_webhooks": [
                    {
                        "url": row["url"],
                        "failures": row["failures"],
                        "failing_since": row["failing_since"].isoformat(),
                        "disabled_at": row["disabled_at"].isoformat(),
                        "why": row["why"],
                    }
                    for row in receivers
                ],
            }
        )

    async def resend(self, case_id: str, notice_id: str, request: Request) -> Response:
        """Send a notice once more, marked as such, with the operator's name on it."""
        caller = await caller_of(self.keys, request, "staff")
        form = await _form(request, AgainForm)
        key = request.headers.get("idempotency-key", "")
        if not key or len(key) > 200 or not key.isprintable():  # noqa: PLR2004 - as intake
            raise problems.invalid(Flaw("Idempotency-Key", "is missing or not valid"))
        case, notice = _id_of(case_id, "case"), _id_of(notice_id, "notice")
        new_id = event_id(str(notice), "again", caller.subject, key)
        async with (
            self.parts.pool.acquire(timeout=_CONNECT) as connection,
            connection.transaction(),
        ):
            rows = {row["id"]: row for row in await store.of_case(connection, case)}
            if notice not in rows:
                raise problems.not_found("notice")
            if rows[notice]["outcome"] is None:
                raise ProblemError(409, "This notice is still on its way; wait for its outcome.")
            if rows[notice]["channel"] not in self.offered:
                raise ProblemError(409, "There is no way by which this notice could go.")
            await store.again(connection, notice, new_id, caller.subject, form.reason)
        _log.info("notice %s is sent again as %s", notice, new_id)
        return answer({"case_id": str(case), "notice_id": str(new_id), "state": "queued"}, 202)

    async def bounce(self, request: Request) -> Response:
        """Take word of an e-mail that came back; the same word may be sent again."""
        await caller_of(self.keys, request, "bank")
        form = await _form(request, BounceForm)
        match = _MESSAGE_ID.fullmatch(form.message_id)
        notice = _id_of(match[1] if match else "", "e-mail")
        if form.status.startswith("5") and not await self._came_back(
            notice, Channel.EMAIL, form.status
        ):
            raise problems.not_found("e-mail")
        return answer({"notice_id": str(notice), "status": "taken"}, 202)

    async def sms_report(self, notice_id: str, request: Request) -> Response:
        """Take a delivery report of the SMS gateway; the address itself is the proof."""
        notice = _id_of(notice_id, "notice")
        query = request.query_params
        address = self.report_address
        if address is None or not address.is_ours(notice, query.get("key", "")):
            raise problems.not_found("notice")
        status = query.get("status", "")
        word = KANNEL.get(int(status)) if re.fullmatch("[0-9]{1,3}", status) else None
        if word is Word.FAILED:
            await self._came_back(notice, Channel.SMS, f"SMS report {status}")
        elif word is not None:
            async with self.parts.pool.acquire(timeout=_CONNECT) as connection:
                await reports.arrived(connection, notice, delivered=word is Word.DELIVERED)
        return Response(status_code=204)

    async def _came_back(self, notice: UUID, channel: Channel, why: str) -> bool:
        parts = self.parts
        async with parts.pool.acquire(timeout=_CONNECT) as connection, connection.transaction():
            closed = await reports.came_back(connection, notice, channel, why, self.offered)
            sayings = [_told(one) for one in closed or ()]
            pending = await outbox.add(
                connection, parts.source, parts.tracer, sayings, parts.publisher.hold
            )
        if pending:
            await parts.publisher.publish_soon(pending)
        return closed is not None


def _told(one: Closed) -> outbox.Saying:
    return notified(one.done.outgoing, one.verdict, one.at, None)


async def _form(request: Request, kind: type[AnyForm]) -> AnyForm:
    expect_type(request, "application/json")
    read = read_form(kind, await body_of(request))
    if isinstance(read, Unreadable | Invalid):
        raise problems.of_body(read)
    return read[0]


def _id_of(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise problems.not_found(what) from None


def _cursor(query: Mapping[str, Any]) -> tuple[datetime, UUID]:
    for name in query:
        if name != "after":
            raise problems.invalid(Flaw(name[:80], "is not a parameter; known is after"))
    text = query.get("after")
    if text is None:
        return _NEWEST
    at, _, identity = str(text).partition("/")
    try:
        when = datetime.fromisoformat(at.replace(" ", "+"))
        return when.astimezone(UTC), UUID(identity)
    except (ValueError, OverflowError):
        raise problems.invalid(Flaw("after", "must be `next` of an earlier answer")) from None
