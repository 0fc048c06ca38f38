"""What is known of the customers of a batch, loaded for all of them at once.

Goodwill that is given in a batch counts for the next case of the same customer in it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from services.decision.merits.known import History
from services.decision.stories import ALIKE, sketch
from services.decision.terms import Terms
from shared.events.catalogue import CaseClassified
from shared.postgres import Connection

YEAR: Final = timedelta(days=365)
_COUNTED: Final = 100
"""Nothing is counted beyond this: a burst is one long before."""


@dataclass(frozen=True, slots=True)
class Goodwill:
    """One goodwill that a customer was given."""

    case_id: UUID
    received_at: datetime
    euros: Decimal


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of a customer that was believed or checked; `answer` is what the check said."""

    case_id: UUID
    asked_at: datetime
    checkable: bool
    trusted: bool
    answer: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """The past of a batch's customers; `goodwill` and `claims` by customer, the others by case."""

    memory: timedelta
    burst: timedelta
    goodwill: dict[str, list[Goodwill]]
    claims: dict[str, list[Claim]]
    lately: dict[UUID, int]
    same_story: dict[UUID, int]
    met: dict[str, dict[UUID, datetime]] = field(default_factory=lambda: defaultdict(dict))
    """The cases of this batch, by customer."""

    def again(self) -> "Past":
        """Return the past as it was loaded, to go through the batch once more."""
        return Past(
            self.memory,
            self.burst,
            defaultdict(list, {key: [*each] for key, each in self.goodwill.items()}),
            defaultdict(list, {key: [*each] for key, each in self.claims.items()}),
            self.lately,
            self.same_story,
        )

    def history(self, case: CaseClassified) -> History:
        """Sum up a customer's past as it counts for this case.

        Times count on both sides of the case: those that are imported late must not escape by
        their order.
        """
        at, mine = case.received_at, case.case_id
        goodwill = [
            each.euros
            for each in self.goodwill.get(case.customer_id, ())
            if each.case_id != mine and abs(at - each.received_at) < YEAR
        ]
        claims = [each for each in self.claims.get(case.customer_id, ()) if each.case_id != mine]
        remembered = [c.answer for c in claims if abs(at - c.asked_at) < self.memory]
        unshown = [
            c for c in claims if c.trusted and not c.checkable and abs(at - c.asked_at) < YEAR
        ]
        met = self.met.get(case.customer_id, {})
        near = [one for one, when in met.items() if one != mine and abs(at - when) < self.burst]
        return History(
            times=len(goodwill),
            euros=sum(goodwill, Decimal(0)),
            verified=remembered.count("verified"),
            contradicted=remembered.count("contradicted"),
            lately=self.lately.get(mine, 0) + len(near),
            same_story=self.same_story.get(mine, 0),
            trusted_unshown=len(unshown),
        )


_GOODWILL = """
SELECT customer_id, case_id, received_at, goodwill_eur FROM cases
 WHERE customer_id = ANY($1) AND goodwill_eur IS NOT NULL
"""
_CLAIMS = """
SELECT customer_id, case_id, asked_at, checkable, purpose, answer FROM verifications
 WHERE customer_id = ANY($1) AND (answer IS NOT NULL OR NOT checkable)
"""
# Cases that this batch changes are left out: they are counted in memory.
_LATELY = """
SELECT q.case_id, n.count
  FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS q(case_id, customer_id, received_at)
 CROSS JOIN LATERAL (
    SELECT count(*) FROM (
        SELECT FROM cases c
         WHERE c.customer_id = q.customer_id
           AND c.received_at > q.received_at - $4::interval
           AND c.received_at < q.received_at + $4::interval
           AND c.case_id <> ALL ($1)
         LIMIT $5) AS near) AS n
 WHERE n.count > 0
"""


async def load(tx: Connection, cases: Sequence[CaseClassified], terms: Terms) -> Past:
    """Load the past of these cases' customers, and remember what they tell."""
    customers = list({case.customer_id for case in cases})
    past = Past(
        terms.memory,
        terms.burst,
        defaultdict(list),
        defaultdict(list),
        {},
        await _same_story(tx, [c for c in cases if c.sequence == 0], terms),
    )
    for row in await tx.fetch(_GOODWILL, customers):
        past.goodwill[row["customer_id"]].append(
            Goodwill(row["case_id"], row["received_at"], row["goodwill_eur"])
        )
    for row in await tx.fetch(_CLAIMS, customers):
        trusted = row["purpose"] == "background"
        past.claims[row["customer_id"]].append(
            Claim(row["case_id"], row["asked_at"], row["checkable"], trusted, row["answer"])
        )
    rows = await tx.fetch(
        _LATELY,
        [case.case_id for case in cases],
        [case.customer_id for case in cases],
        [case.received_at for case in cases],
        past.burst,
        _COUNTED,
    )
    past.lately.update({row["case_id"]: row["count"] for row in rows})
    return past


# A sketch comes as one text: four numbers as four rows would be most of the batch's parameters.
_TELL = """
INSERT INTO stories (sketch, received_at, customer_id, case_id)
SELECT unnest(string_to_array(t.sketch, ' ')::bigint[]), t.received_at, t.customer_id, t.case_id
  FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::uuid[])
       AS t(sketch, received_at, customer_id, case_id)
ON CONFLICT DO NOTHING
"""
# Of a story that very many tell, the newest are enough. Where only one customer of the batch tells
# it, that is `teller`, whose own cases count for nobody.
_ALIKE = """
SELECT q.n, s.customer_id, s.received_at
  FROM (SELECT t.n, t.teller, unnest(string_to_array(t.numbers, ' ')::bigint[]) AS sketch
          FROM unnest($1::integer[], $2::text[], $3::text[]) AS t(n, numbers, teller)) AS q
 CROSS JOIN LATERAL (
    SELECT s.case_id, s.customer_id, s.received_at FROM stories s
     WHERE s.sketch = q.sketch ORDER BY s.case_id DESC LIMIT $4) AS s
 WHERE s.customer_id IS DISTINCT FROM q.teller
 GROUP BY q.n, s.case_id, s.customer_id, s.received_at
HAVING count(*) >= $5
"""


async def _same_story(
    tx: Connection, cases: Sequence[CaseClassified], terms: Terms
) -> dict[UUID, int]:
    """Return how many other customers have told nearly the same; the story is kept as numbers."""
    told = [(case, " ".join(map(str, found))) for case in cases if (found := sketch(case.text))]
    if not told:
        return {}
    await tx.execute(
        _TELL,
        [numbers for _, numbers in told],
        [case.received_at for case, _ in told],
        [case.customer_id for case, _ in told],
        [case.case_id for case, _ in told],
    )
    stories = defaultdict[str, list[CaseClassified]](list)
    for case, numbers in told:
        stories[numbers].append(case)
    tellers = [{case.customer_id for case in each} for each in stories.values()]
    rows = await tx.fetch(
        _ALIKE,
        list(range(len(stories))),
        list(stories),
        [min(each) if len(each) == 1 else None for each in tellers],
        _COUNTED,
        ALIKE,
    )
    heard, told_by = defaultdict[int, list[tuple[str, datetime]]](list), list(stories.values())
    for number, customer, at in rows:
        heard[number].append((customer, at))
    others = defaultdict[UUID, set[str]](set)
    for number, told_of in heard.items():
        for case in told_by[number]:
            others[case.case_id] |= _others(case, told_of, terms.story)
    return {case_id: len(customers) for case_id, customers in others.items()}


def _others(
    case: CaseClassified, heard: Sequence[tuple[str, datetime]], window: timedelta
) -> set[str]:
    """Return the other customers who told it within this time of the case."""
    mine, at = case.customer_id, case.received_at
    return {who for who, when in heard if who != mine and abs(at - when) < window}


_FORGET = """
DELETE FROM stories WHERE (sketch, case_id) IN (
    SELECT sketch, case_id FROM stories WHERE received_at < now() - $1::interval LIMIT $2)
"""
_FORGET_MOST: Final = 5000


async def forget_stories(connection: Connection, older_than: timedelta) -> bool:
    """Drop some of the sketches that no case can meet any more; says whether there are more."""
    done = await connection.execute(_FORGET, older_than, _FORGET_MOST)
    return int(done.split()[-1]) == _FORGET_MOST
