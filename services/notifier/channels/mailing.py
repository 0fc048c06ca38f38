"""The way of e-mail: puts notices into words and bytes, and hands them over.

Invariant: one recipient's failure delays nobody else; while the mail server is away notices stay
in the queue and none of their attempts is counted.
"""

import asyncio
import logging
import random
from collections import deque
from dataclasses import dataclass
from hashlib import sha256

from services.notifier.attempts import Deferred, Early, Refused, Said, Sent, Untried
from services.notifier.channels.email import BadAddressError, Mailbox, Sender, mailbox
from services.notifier.channels.links import Link
from services.notifier.channels.pacing import Pace
from services.notifier.channels.replies import BrokenError
from services.notifier.channels.smtp import (
    Dialogue,
    Letter,
    Server,
    UnreachableError,
    UnsentError,
)
from services.notifier.domain import Channel, Outgoing, called
from services.notifier.messages.render import Voice
from services.notifier.tray import Job, Tray

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class _Ready:
    """A job and the letter that it became."""

    job: Job
    letter: Letter
    said: Said


class Mailing:
    """Sends by e-mail over several open connections."""

    channel = Channel.EMAIL
    most_in_hand = 512

    def __init__(  # noqa: PLR0913, PLR0917 - its parts
        self,
        voice: Voice,
        sender: Sender,
        server: Server,
        connections: int,
        link: Link,
        pace: Pace,
    ) -> None:
        self._voice = voice
        self._link = link
        self._pace = pace
        self._sender = sender
        self._server = server
        self._failures = 0
        self._closed_until = 0.0
        self.workers = connections

    def closed_for(self) -> float:
        """Return for how many seconds the mail server is left alone."""
        return max(0.0, self._closed_until - asyncio.get_running_loop().time())

    async def work(self, tray: Tray) -> None:
        """Send over one connection until cancelled."""
        dialogue: Dialogue | None = None
        ahead: deque[_Ready] = deque()
        try:
            while True:
                if not ahead:
                    ahead.extend(self._prepare(tray, await tray.take()))
                    continue
                if dialogue is None or not dialogue.usable:
                    dialogue = await self._open()
                if dialogue is None:
                    tray.report(ahead.popleft().job, Untried())
                    continue
                if len(ahead) == 1:
                    ahead.extend(self._next(tray))
                dialogue = await self._deliver(tray, dialogue, ahead)
        finally:
            if dialogue is not None:
                dialogue.close()

    def _next(self, tray: Tray) -> list[_Ready]:
        while (job := tray.take_now()) is not None:
            ready = self._prepare(tray, job)
            if ready:
                return ready
        return []

    async def _deliver(
        self, tray: Tray, dialogue: Dialogue, ahead: deque[_Ready]
    ) -> Dialogue | None:
        """Send the letter that is first; returns the conversation while it is of use."""
        following = ahead[1].letter if len(ahead) > 1 else None
        try:
            attempt = await dialogue.deliver(ahead[0].letter, following)
        except UnsentError:
            dialogue.close()  # the letter stays first, for a new conversation
            return None
        except BrokenError as error:
            dialogue.close()
            tray.report(ahead.popleft().job, Deferred(str(error)))
            return None
        ready = ahead.popleft()
        tray.report(ready.job, Sent(ready.said) if isinstance(attempt, Sent) else attempt)
        return dialogue

    def _prepare(self, tray: Tray, job: Job) -> list[_Ready]:
        """Write the letter of a job; where it cannot be written, the job is reported."""
        try:
            to = mailbox(job.outgoing.recipient.email or "")
            if wait := self._pace.wait(job.outgoing, to.address):
                tray.report(job, Early(wait))
                return []
            return [_Ready(job, *self._write(job.outgoing, to))]
        except BadAddressError as error:
            tray.report(job, Refused(str(error), contact=True))
        except Exception as error:  # noqa: BLE001 - see below
            # A defect of ours must not stop the others; it is tried again, with a newer version.
            _log.exception("a notice could not be put into words")
            tray.report(job, Deferred(f"not written: {type(error).__name__}"))
        return []

    def _write(self, outgoing: Outgoing, to: Mailbox) -> tuple[Letter, Said]:
        plan, recipient = outgoing.plan, outgoing.recipient
        link = self._link(plan.case_id, plan.planned_at)
        message = self._voice.say(
            plan.content,
            case_id=plan.case_id,
            name=recipient.name,
            language=outgoing.language,
            jurisdiction=recipient.jurisdiction,
            link=link,
            again_at=outgoing.again_at,
        )
        data = self._sender.compose(
            notice_id=outgoing.id,
            notice=plan.content.notice,
            case_id=plan.case_id,
            language=outgoing.language,
            to_name=called(recipient.name),
            to=to,
            at=plan.planned_at,
            subject=message.subject,
            plain=message.plain,
            html=message.html,
            again=outgoing.again_at is not None,
        )
        masked = message.plain.replace(link, "{link}")
        said = Said(message.subject, sha256(masked.encode()).digest(), self._voice.version)
        return Letter(self._sender.address, to, data), said

    async def _open(self) -> Dialogue | None:
        if self.closed_for() > 0:
            return None
        try:
            dialogue = await Dialogue.open(self._server)
        except UnreachableError as error:
            if self.closed_for() == 0:
                longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**self._failures)
                pause = random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
                self._failures += 1
                self._closed_until = asyncio.get_running_loop().time() + pause
                _log.warning("mail server is away: %s", error)
            return None
        self._failures = 0
        return dialogue
