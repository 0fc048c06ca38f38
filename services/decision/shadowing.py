"""A candidate policy decides beside the active one; it only records, and can disturb nothing."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from services.decision.deliberation import body_of
from services.decision.dossier import Deliberated
from services.decision.merits.known import Known
from services.decision.merits.outcome import Outcome
from services.decision.policy.model import Policy
from services.decision.treatment import differs
from shared.errors import describe
from shared.events.catalogue import CaseClassified
from shared.postgres import Connection

_log = logging.getLogger(__name__)

COMPARED: Final = Counter(
    "evenhand_shadow_decisions", "Decisions of the candidate policy", ["differs"]
)

_WRITE = """
INSERT INTO shadow (position, case_id, candidate, differs, outcome, at)
SELECT s.position, s.case_id, $5, s.differs, s.outcome, $6
  FROM unnest($1::bigint[], $2::uuid[], $3::boolean[], $4::text[])
       AS s(position, case_id, differs, outcome)
"""


@dataclass(frozen=True, slots=True)
class _Beside:
    """What the candidate says of one deliberation."""

    entry: int
    case_id: UUID
    differs: bool
    body: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """The candidate, and how it decides."""

    candidate: Policy
    decide: Callable[[CaseClassified, Known, Policy], Outcome]

    async def write(
        self,
        tx: Connection,
        deliberated: Sequence[Deliberated],
        positions: Sequence[int],
        now: datetime,
    ) -> None:
        """Note what the candidate says of the same cases, with the same knowledge."""
        said = [one for each in deliberated if (one := self._beside(each)) is not None]
        if not said:
            return
        differing = [one.differs for one in said]
        COMPARED.labels("yes").inc(sum(differing))
        COMPARED.labels("no").inc(len(differing) - sum(differing))
        await tx.execute(
            _WRITE,
            [positions[-one.entry - 1] for one in said],
            [one.case_id for one in said],
            differing,
            [one.body for one in said],
            self.candidate.hash,
            now,
        )

    def _beside(self, each: Deliberated) -> _Beside | None:
        known = each.thought.known
        try:
            outcome = self.decide(each.case, known, self.candidate)
            return _Beside(
                each.entry,
                each.case.case_id,
                differs(each.outcome, outcome),
                body_of(outcome, known, self.candidate.hash),
            )
        except Exception as error:  # noqa: BLE001 - a candidate must not hold up a real case
            _log.error("the candidate policy failed on a case: %s", describe(error))
            return None
