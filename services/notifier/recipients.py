"""Whom notices go to, and the plans that wait until that is known.

Invariant: a plan and its case never miss each other, in whatever order they come.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.notifier.domain import Plan, Recipient
from services.notifier.rows import plan_of, recipient_of
from shared.postgres import Connection

# Rows are written in the order of their keys: two batches that share cases then cannot deadlock.
_REMEMBER = """
INSERT INTO recipients AS r (case_id, known, name, email, webhook, language, jurisdiction, phone,
                             preferred)
SELECT s.case_id, true, s.name, s.email, s.webhook, s.language, s.jurisdiction, s.phone,
       s.preferred
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[])
       AS s(case_id, name, email, webhook, language, jurisdiction, phone, preferred)
 ORDER BY s.case_id
ON CONFLICT (case_id) DO UPDATE
   SET known = true, name = excluded.name, email = excluded.email, webhook = excluded.webhook,
       language = excluded.language, jurisdiction = excluded.jurisdiction, phone = excluded.phone,
       preferred = excluded.preferred
 WHERE NOT r.known
RETURNING r.case_id, (xmax <> 0) AS awaited
"""

_RELEASE = """
DELETE FROM waiting WHERE case_id = ANY($1)
RETURNING case_id, customer_id, sequence, content, language, cause_id, traceparent, planned_at
"""


async def remember(tx: Connection, recipients: Mapping[UUID, Recipient]) -> list[Plan]:
    """Store whom cases' notices go to; returns the plans that waited for it, oldest first."""
    if not recipients:
        return []
    known = list(recipients.values())
    rows = await tx.fetch(
        _REMEMBER,
        list(recipients),
        [r.name for r in known],
        [r.email for r in known],
        [r.webhook for r in known],
        [r.language for r in known],
        [r.jurisdiction for r in known],
        [r.phone for r in known],
        [r.preferred for r in known],
    )
    awaited = [row["case_id"] for row in rows if row["awaited"]]
    if not awaited:
        return []
    released = [plan_of(row) for row in await tx.fetch(_RELEASE, awaited)]
    return sorted(released, key=lambda plan: plan.planned_at)


_RECIPIENTS = """
SELECT case_id, name, email, webhook, language, jurisdiction, phone, preferred, unusable
  FROM recipients WHERE case_id = ANY($1) AND known
"""


async def known(connection: Connection, case_id: UUID) -> Recipient | None:
    """Return the recipient of a case, if it is known."""
    row = await connection.fetchrow(_RECIPIENTS, [case_id])
    return None if row is None else recipient_of(row)


# Locks the case's row, so that the case itself, coming at the same time, sees that we wait.
_AWAIT = """
INSERT INTO recipients AS r (case_id, known)
SELECT s.case_id, false FROM unnest($1::uuid[]) AS s(case_id) ORDER BY s.case_id
ON CONFLICT (case_id) DO UPDATE SET known = r.known
RETURNING r.case_id, r.known, r.name, r.email, r.webhook, r.language, r.jurisdiction, r.phone,
          r.preferred, r.unusable
"""


async def of(tx: Connection, cases: Collection[UUID]) -> dict[UUID, Recipient]:
    """Return the recipients of cases; for a case left out, the next `remember` releases plans."""
    if not cases:
        return {}
    found = {row["case_id"]: recipient_of(row) for row in await tx.fetch(_RECIPIENTS, list(cases))}
    missing = [case_id for case_id in set(cases) if case_id not in found]
    if missing:
        rows = await tx.fetch(_AWAIT, missing)
        found |= {row["case_id"]: recipient_of(row) for row in rows if row["known"]}
    return found


_WAIT = """
INSERT INTO waiting (case_id, notice, sequence, customer_id, language, content, cause_id,
                     traceparent, planned_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::json[],
                     $7::uuid[], $8::text[], $9::timestamptz[])
ON CONFLICT DO NOTHING
"""


async def keep_waiting(tx: Connection, plans: Sequence[Plan]) -> None:
    """Keep plans until their case's recipient is known."""
    if plans:
        await tx.execute(
            _WAIT,
            [p.case_id for p in plans],
            [p.content.notice for p in plans],
            [p.sequence for p in plans],
            [p.customer_id for p in plans],
            [p.language for p in plans],
            [p.content.model_dump_json() for p in plans],
            [p.cause_id for p in plans],
            [p.traceparent for p in plans],
            [p.planned_at for p in plans],
        )


_REOPEN = """
UPDATE recipients SET closed_at = NULL WHERE case_id = ANY($1) AND closed_at IS NOT NULL
"""


async def reopen(tx: Connection, cases: Collection[UUID]) -> None:
    """Note that there is something new in these cases; one that is open stays as it is."""
    if cases:
        await tx.execute(_REOPEN, sorted(cases))


_MARK = """
UPDATE recipients r SET unusable = r.unusable || s.channel
  FROM unnest($1::uuid[], $2::text[]) AS s(case_id, channel)
 WHERE r.case_id = s.case_id AND NOT s.channel = ANY(r.unusable)
"""


async def mark_unusable(tx: Connection, contacts: Sequence[tuple[UUID, str]]) -> None:
    """Note that in these cases the contacts of these channels have failed for good."""
    if contacts:
        await tx.execute(_MARK, *zip(*sorted(set(contacts)), strict=True))
