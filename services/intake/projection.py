"""Builds the read model from the other services' events: three bulk statements for a batch.

A case that is not here (a database restored from yesterday) changes nothing but its timeline.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.intake.read_model import Changes, Entry, Heard, fold
from shared.events.catalogue import Topic
from shared.hop import Hop, Received
from shared.outbox import Saying
from shared.postgres import Connection

CONSUMER: Final = "evenhand-intake"

_TIMELINE = """
INSERT INTO timeline (case_id, event_id, at, event, detail)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::json[])
ON CONFLICT (case_id, event_id) DO NOTHING
"""

# Compared with `c` itself, so that a row that another replica has just changed is compared anew.
_CASES = """
UPDATE cases c SET
    status = CASE WHEN (u.status_sequence, u.status_rank) > (c.status_sequence, c.status_rank)
                  THEN u.status ELSE c.status END,
    status_rank = CASE WHEN (u.status_sequence, u.status_rank) > (c.status_sequence, c.status_rank)
                       THEN u.status_rank ELSE c.status_rank END,
    status_sequence = greatest(u.status_sequence, c.status_sequence),
    tags = CASE WHEN u.tags_sequence > c.tags_sequence THEN u.tags ELSE c.tags END,
    language = CASE WHEN u.tags_sequence > c.tags_sequence THEN u.language ELSE c.language END,
    jurisdiction = CASE WHEN u.tags_sequence > c.tags_sequence
                        THEN coalesce(u.jurisdiction, c.jurisdiction) ELSE c.jurisdiction END,
    tags_sequence = greatest(u.tags_sequence, c.tags_sequence),
    decision = CASE
        WHEN (u.decided_revision, u.decided_sequence, u.decided_at)
             > (c.decided_revision, c.decided_sequence, coalesce(c.decided_at, '-infinity'))
        THEN u.decision ELSE c.decision END,
    decided_at = CASE
        WHEN (u.decided_revision, u.decided_sequence, u.decided_at)
             > (c.decided_revision, c.decided_sequence, coalesce(c.decided_at, '-infinity'))
        THEN u.decided_at ELSE c.decided_at END,
    decided_sequence = CASE
        WHEN (u.decided_revision, u.decided_sequence, u.decided_at)
             > (c.decided_revision, c.decided_sequence, coalesce(c.decided_at, '-infinity'))
        THEN u.decided_sequence ELSE c.decided_sequence END,
    decided_revision = greatest(u.decided_revision, c.decided_revision),
    referral = CASE
        WHEN (u.referred_sequence, u.referred_at)
             > (c.referred_sequence, coalesce(c.referred_at, '-infinity'))
        THEN u.referral ELSE c.referral END,
    proposal = CASE
        WHEN (u.referred_sequence, u.referred_at)
             > (c.referred_sequence, coalesce(c.referred_at, '-infinity'))
        THEN u.proposal ELSE c.proposal END,
    answer_due_at = CASE WHEN u.due_said_at > coalesce(c.due_said_at, '-infinity')
                         THEN u.answer_due_at ELSE c.answer_due_at END,
    due_said_at = greatest(u.due_said_at, c.due_said_at),
    referred_at = CASE
        WHEN (u.referred_sequence, u.referred_at)
             > (c.referred_sequence, coalesce(c.referred_at, '-infinity'))
        THEN u.referred_at ELSE c.referred_at END,
    referred_sequence = greatest(u.referred_sequence, c.referred_sequence)
  FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::integer[], $6::json[],
              $7::text[], $8::text[], $9::integer[], $10::integer[],
              $11::timestamptz[], $12::json[], $13::integer[], $14::timestamptz[], $15::json[],
              $16::json[], $17::timestamptz[], $18::timestamptz[])
       AS u(case_id, status_sequence, status_rank, status, tags_sequence, tags, language,
            jurisdiction, decided_revision, decided_sequence, decided_at, decision,
            referred_sequence, referred_at, referral, proposal, due_said_at, answer_due_at)
 WHERE c.case_id = u.case_id
"""

_STEPS = """
WITH moved AS (
    UPDATE progress SET projected_at = now() WHERE projected_at < now() - interval '1 second'
)
UPDATE journeys j SET
    classified_at = CASE WHEN u.classified THEN coalesce(classified_at, now())
                         ELSE classified_at END,
    answered_at = CASE WHEN u.answered THEN coalesce(answered_at, now()) ELSE answered_at END,
    told_at = CASE WHEN u.told THEN coalesce(told_at, now()) ELSE told_at END
  FROM unnest($1::uuid[], $2::integer[], $3::boolean[], $4::boolean[], $5::boolean[])
       AS u(case_id, sequence, classified, answered, told)
 WHERE j.case_id = u.case_id AND j.sequence = u.sequence
"""

# What answers a message answers those before it, and tells of them.
_EARLIER = """
UPDATE journeys j SET
    answered_at = CASE WHEN u.answered THEN coalesce(answered_at, now()) ELSE answered_at END,
    told_at = CASE WHEN u.told THEN coalesce(told_at, now()) ELSE told_at END
  FROM (SELECT case_id, max(sequence) AS sequence, bool_or(answered) AS answered,
               bool_or(told) AS told
          FROM unnest($1::uuid[], $2::integer[], $3::boolean[], $4::boolean[])
               AS s(case_id, sequence, answered, told)
         GROUP BY case_id) AS u
 WHERE j.case_id = u.case_id AND j.sequence < u.sequence AND j.told_at IS NULL
"""


def hop() -> Hop:
    """Return the consumer that builds the read model."""
    return Hop(
        CONSUMER,
        (
            Topic.CLASSIFIED,
            Topic.DECIDED,
            Topic.REFERRED,
            Topic.SLA,
            Topic.NOTIFIED,
            Topic.ASKED,
            Topic.VERIFICATION_REQUESTED,
        ),
        project,
    )


async def project(tx: Connection, batch: Sequence[Received]) -> Sequence[Saying]:
    """Store what a batch changes; says nothing."""
    changes = fold(
        Heard(
            received.event,
            received.envelope.id,
            datetime.fromtimestamp(received.record.timestamp / 1000, UTC),
        )
        for received in batch
    )
    await _add_entries(tx, changes.entries)
    await _change_cases(tx, changes)
    await _move_journeys(tx, changes)
    return ()


async def _add_entries(tx: Connection, entries: Sequence[Entry]) -> None:
    await tx.execute(
        _TIMELINE,
        [entry.case_id for entry in entries],
        [entry.event_id for entry in entries],
        [entry.at for entry in entries],
        [entry.event for entry in entries],
        [entry.detail for entry in entries],
    )


_NOTHING: Final = (None, None, None, None)


async def _change_cases(tx: Connection, changes: Changes) -> None:
    if not changes.cases:
        return
    rows = [
        (
            case_id,
            *(change.status or _NOTHING[:3]),
            *(change.tags or _NOTHING),
            *(change.decision or _NOTHING),
            *(change.referral or _NOTHING),
            *(change.due or _NOTHING[:2]),
        )
        for case_id, change in sorted(changes.cases.items(), key=lambda item: item[0].bytes)
    ]
    await tx.execute(_CASES, *(list(column) for column in zip(*rows, strict=True)))


async def _move_journeys(tx: Connection, changes: Changes) -> None:
    steps = sorted(changes.steps.items(), key=lambda item: (item[0][0].bytes, item[0][1]))
    await tx.execute(
        _STEPS,
        [case_id for (case_id, _), _ in steps],
        [sequence for (_, sequence), _ in steps],
        [step.classified for _, step in steps],
        [step.answered for _, step in steps],
        [step.told for _, step in steps],
    )
    later = [
        (case_id, sequence, step.answered, step.told)
        for (case_id, sequence), step in steps
        if sequence > 0 and (step.answered or step.told)
    ]
    if later:
        await tx.execute(_EARLIER, *(list(column) for column in zip(*later, strict=True)))
