"""Writes what became of notices, and what follows: the next way, a contact that will not do.

Invariant: only the holder of a notice's lease changes anything; what follows from a notice is
written in the transaction that closes it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from opentelemetry.context import Context

from services.notifier import receivers, recipients, store
from services.notifier.attempts import Again, Attempt, Settled, Verdict, after
from services.notifier.domain import Channel, Outgoing
from services.notifier.reaching import fall_back
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Done:
    """An attempt; `parent` is its span, where one is recorded."""

    outgoing: Outgoing
    attempt: Attempt
    parent: Context | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A notice after which nothing more is done."""

    done: Done
    verdict: Settled
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was closed, and how many receivers of webhooks were disabled by it."""

    closed: list[Closed]
    disabled: int


async def settle(tx: Connection, done: Sequence[Done], offered: Collection[Channel]) -> Outcome:
    """Write what follows from attempts, bulk by bulk."""
    judged = [(one, after(one.attempt, one.outgoing.attempts)) for one in done]
    at = await store.settle(tx, [(one.outgoing, verdict) for one, verdict in judged])
    closed = [
        Closed(one, verdict, at[one.outgoing.id])
        for one, verdict in judged
        if isinstance(verdict, Settled) and one.outgoing.id in at
    ]
    failed = [
        (one.done.outgoing, one.verdict.contact)
        for one in closed
        if one.verdict.outcome == "failed"
    ]
    await turn_to_the_next_way(tx, failed, offered)
    return Outcome(closed, await _note_receivers(tx, judged))


async def turn_to_the_next_way(
    tx: Connection, failed: Sequence[tuple[Outgoing, bool]], offered: Collection[Channel]
) -> None:
    """Queue failed notices by another way, if there is one; the flag blames the contact."""
    if not failed:
        return
    blamed = [(o.plan.case_id, o.channel.value) for o, contact in failed if contact]
    await recipients.mark_unusable(tx, blamed)
    await store.queue(
        tx,
        [
            planned
            for outgoing, _ in failed
            if (planned := fall_back(outgoing, _failed_in(blamed, outgoing), offered)) is not None
        ],
    )


def _failed_in(blamed: Sequence[tuple[object, str]], outgoing: Outgoing) -> set[str]:
    return {channel for case_id, channel in blamed if case_id == outgoing.plan.case_id}


async def _note_receivers(tx: Connection, judged: Sequence[tuple[Done, Verdict]]) -> int:
    called = [
        (one.outgoing.recipient.webhook or "", verdict)
        for one, verdict in judged
        if one.outgoing.channel is Channel.WEBHOOK and not one.outgoing.disabled
    ]
    if not called:
        return 0
    succeeded = [url for url, v in called if isinstance(v, Settled) and v.outcome == "sent"]
    failed = [
        (url, (v.detail or "") if isinstance(v, Settled) else v.why, _is_gone(v))
        for url, v in called
        if isinstance(v, Again) or (isinstance(v, Settled) and v.outcome == "failed")
    ]
    return await receivers.note(tx, succeeded, failed)


def _is_gone(verdict: Settled | Again) -> bool:
    return isinstance(verdict, Settled) and verdict.contact
