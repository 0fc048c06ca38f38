"""Tells what was said word for word, and proves it by the hash that was stored when it was sent.

Invariant: a text is shown as said only where it has that hash. Links are left out of both: whoever
reads the proof is not the customer.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import asyncpg
from pydantic import ValidationError

from services.notifier.channels.webhook import PAYLOAD, payload
from services.notifier.domain import Channel, Language, Outgoing, Recipient
from services.notifier.messages.render import Voice
from services.notifier.messages.texts import Texts
from services.notifier.records import store
from services.notifier.rows import plan_of
from shared.postgres import Connection

_LINK = "{link}"


@dataclass(slots=True)
class Proofs:
    """Puts stored notices into words once more, each with the texts of its time."""

    voice: Voice
    _older: dict[str, Voice | None] = field(default_factory=dict)

    async def said(
        self, connection: Connection, row: asyncpg.Record, recipient: Recipient
    ) -> str | None:
        """Return what a notice said; nothing where that cannot be proved."""
        if row["said_sha256"] is None:
            return None
        text = await self._text(connection, row, recipient)
        return text if text and sha256(text.encode()).digest() == row["said_sha256"] else None

    async def _text(
        self, connection: Connection, row: asyncpg.Record, recipient: Recipient
    ) -> str | None:
        outgoing = _outgoing(row, recipient)
        if row["texts"] == PAYLOAD:
            return payload(outgoing).decode()
        voice = await self._voice_of(connection, row["texts"])
        return None if voice is None else _words(voice, outgoing)

    async def _voice_of(self, connection: Connection, version: str) -> Voice | None:
        if version == self.voice.version:
            return self.voice
        if version not in self._older:
            body = await store.texts(connection, version)
            self._older[version] = _read(body) if body else None
        return self._older[version]


def _read(body: str) -> Voice | None:
    try:
        return Voice(
            {
                Language(name): Texts.model_validate(texts, context={"language": Language(name)})
                for name, texts in json.loads(body).items()
            }
        )
    except ValidationError:  # the texts of a release that said other things
        return None


def _words(voice: Voice, outgoing: Outgoing) -> str:
    plan, recipient = outgoing.plan, outgoing.recipient
    if outgoing.channel is Channel.SMS:
        return voice.say_shortly(
            plan.content,
            language=outgoing.language,
            jurisdiction=recipient.jurisdiction,
            link=_LINK,
            again_at=outgoing.again_at,
        )
    return voice.say(
        plan.content,
        case_id=plan.case_id,
        name=recipient.name,
        language=outgoing.language,
        jurisdiction=recipient.jurisdiction,
        link=_LINK,
        again_at=outgoing.again_at,
    ).plain


def _outgoing(row: asyncpg.Record, recipient: Recipient) -> Outgoing:
    queued_at: datetime = row["queued_at"]
    again_at: datetime | None = row["again_at"]
    return Outgoing(
        row["id"],
        UUID(int=0),
        0,
        queued_at,
        plan_of(row),
        Channel(row["channel"]),
        Language(row["language"]),
        recipient,
        again_at,
    )
