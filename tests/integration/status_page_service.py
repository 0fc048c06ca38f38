"""The notifier with its status page under uvicorn, on a real database, with or without intake."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import uvicorn
from aiokafka import ConsumerRecord
from pydantic import AnyHttpUrl, SecretStr

from services.notifier.app import builder
from services.notifier.domain import Language
from services.notifier.settings import NotifierSettings
from services.notifier.status_page.links import Links
from services.notifier.status_page.texts.load import load
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.case import Category, Channel, Contacts, Customer
from shared.events.catalogue import (
    MODELS,
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Decision,
    Event,
    Question,
    Queue,
    SlaMilestone,
)
from shared.events.envelope import Envelope, event_id
from shared.events.tags import Evidence
from tests.integration.broker_records import record_of
from tests.integration.notifier_service import HasDatabase, Notifier, notifier

NOW = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - links are read by the real clock
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of a test
EN = load(Language.EN)
WORDS = "I paid a day late because of the holiday. <b>Please</b> waive the fee."
SECRETS_OF_THE_BANK = (
    *("own_slip.first", "specialist", "low_confidence", "vulnerable", "C-77", "anna@example.com"),
    *("Anna Nowak", "policy-hash", "tone", "leverage", "P-12"),
)
"""Words that stand in the events of `Story` and never on a page."""


@dataclass(frozen=True)
class Story:
    """A case and all that can happen in it."""

    id: UUID
    email: str | None = "anna@example.com"
    language: str | None = "en"
    jurisdiction: str | None = "PL"

    def opened(self, text: str = WORDS) -> CaseSubmitted:
        return self.message(0, text, NOW - timedelta(days=3))

    def message(self, sequence: int, text: str, at: datetime = NOW) -> CaseSubmitted:
        customer = Customer(
            id="C-77",
            name="Anna Nowak",
            language=self.language,
            jurisdiction=self.jurisdiction,
            contacts=Contacts(email=self.email),
        )
        return CaseSubmitted(
            case_id=self.id,
            customer_id="C-77",
            sequence=sequence,
            customer=customer,
            channel=Channel.WEB,
            category=Category.FEE_DISPUTE,
            text=text,
            received_at=at,
            accepted_at=at,
        )

    def referred(self, *, again: bool = False, at: datetime | None = None) -> CaseReferred:
        return CaseReferred(
            case_id=self.id,
            customer_id="C-77",
            sequence=1 if again else 0,
            queue=Queue.SPECIALIST,
            priority=10,
            reason="low_confidence",
            proposal=_decision(Disposition.DECLINED),
            reopened=again,
            language="en",
            answer_due_at=NOW + timedelta(days=10),
            referred_at=at or NOW - timedelta(days=2),
        )

    def asked(self) -> CaseAsked:
        return CaseAsked(
            case_id=self.id,
            customer_id="C-77",
            question=Question.WHAT_HAPPENED,
            language="en",
            answer_by=NOW + timedelta(days=5),
            asked_at=NOW - timedelta(days=2, hours=1),
        )

    def delayed(self) -> SlaMilestone:
        return SlaMilestone(
            case_id=self.id,
            customer_id="C-77",
            clock="pl-complaints",
            kind="extended",
            due_at=NOW + timedelta(days=30),
            at=NOW - timedelta(days=1),
            reason="P-12",
        )

    def decided(
        self, disposition: Disposition = Disposition.GOODWILL, revision: int = 0
    ) -> CaseDecided:
        return CaseDecided(
            case_id=self.id,
            customer_id="C-77",
            sequence=0,
            revision=revision,
            decision=_decision(disposition),
            language="en",
            jurisdiction=self.jurisdiction,
            decided_at=NOW - timedelta(hours=2 - revision),
        )


def _decision(disposition: Disposition) -> Decision:
    refund = Remedy(
        kind=RemedyKind.FEE_WAIVER, money=Money.model_validate({"amount": "25", "currency": "PLN"})
    )
    return Decision(
        disposition=disposition,
        basis=Basis.GOODWILL,
        remedies=() if disposition is Disposition.DECLINED else (refund,),
        reasons=("own_slip_forgiven", "vulnerable"),
        rule="own_slip.first",
        policy="policy-hash",
        decided_by="P-12",
        evidence=(Evidence(target="tone", value="leverage", source="model", start=0, end=3),),
    )


_TOPICS = {model: topic for topic, model in MODELS.items()}


def record(event: Event, name: str = "", at: datetime = NOW) -> "ConsumerRecord[bytes, bytes]":
    """Write an event as it comes from the broker, said at this instant."""
    topic = _TOPICS[type(event)]
    envelope = Envelope(
        event_id(event.model_dump_json(), topic, name), topic, "test", str(event.case_id), at
    )
    return record_of(event, envelope)


@dataclass(frozen=True)
class Running:
    """A running page."""

    notifier: Notifier
    url: str
    client: httpx.AsyncClient
    links: Links

    async def happen(self, *events: Event, at: datetime = NOW) -> None:
        """Let the notifier hear of events, said at this instant, as one batch."""
        await self.notifier.runner([record(event, at=at) for event in events])

    async def begin(self, case_id: UUID | None = None) -> Story:
        """Let the notifier hear of a new case."""
        story = Story(case_id or uuid4())
        await self.happen(story.opened())
        return story

    async def html(self, case_id: UUID) -> str:
        """Return a case's page as it is now."""
        return (await self.client.get(self.path(case_id))).text

    def path(self, case_id: UUID) -> str:
        """Return the path of a case's page."""
        return f"/s/{self.links.token(case_id, NOW)}"

    def expired_path(self, case_id: UUID) -> str:
        return f"/s/{self.links.token(case_id, NOW - timedelta(days=100))}"


def form_of(html: str, act: str) -> str:
    """Return the hidden field of the form that does this."""
    found = re.search(rf'action="[^"]*/{act}\?.*?name="form" value="([^"]+)"', html, re.DOTALL)
    assert found, f"the page has no form for {act}"
    return found[1]


@asynccontextmanager
async def page(
    database: HasDatabase,
    *,
    intake_url: str = "http://127.0.0.1:1",
    intake_key: str | None = "evh_none",
    smtp_port: int = 1,
    more: Mapping[str, object] | None = None,
) -> AsyncIterator[Running]:
    """Run the notifier with its page on a free port."""
    async with AsyncExitStack() as held:
        listening = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        made = await held.enter_async_context(notifier(database, smtp_port, more=more))
        settings: NotifierSettings = made.settings.model_copy(
            update={
                "status_url": AnyHttpUrl(url),
                "status_secret": SecretStr(SECRET),
                "intake_url": AnyHttpUrl(intake_url),
                "intake_key": SecretStr(intake_key) if intake_key else None,
            }
        )
        service = await builder(settings)(made.parts)
        if service.http is None:
            raise AssertionError("the notifier serves HTTP")
        config = uvicorn.Config(service.http, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        stop = asyncio.Event()
        loops = [asyncio.create_task(loop(stop)) for loop in service.loops]
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        links = Links(url, settings.status_secrets, settings.status_lifetime)
        try:
            async with httpx.AsyncClient(base_url=url, timeout=20) as client:
                yield Running(made, url, client, links)
        finally:
            made.parts.stop.set()
            server.should_exit = True
            await serving
            stop.set()
            await asyncio.gather(*loops)
            for close in service.close:
                await close()
