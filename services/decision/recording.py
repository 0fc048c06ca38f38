"""Writes what a batch did: clocks, then the log, then everything that points into it.

The end of the log is locked from there to the commit, so it comes last of what is locked.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.decision import log, store
from services.decision.causes import store as causes
from services.decision.causes.suggest import Suggested, suggested
from services.decision.checking import store as checking
from services.decision.clock.load import Packs
from services.decision.deliberation import answer_of
from services.decision.dossier import Work
from services.decision.merits.authority import is_sampled
from services.decision.merits.outcome import Decided
from services.decision.policy.model import Policy
from services.decision.shadowing import Shadow
from services.decision.timing import arming, measures
from services.decision.timing.arming import Moved
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Recorder:
    """How a batch is written. `by_http`: questions are sent by the connector, too."""

    policy: Callable[[], Policy]
    packs: Packs
    shadow: Shadow | None = None
    by_http: bool = False

    async def write(self, tx: Connection, work: Work, now: datetime) -> None:
        """Write everything that is in `work`."""
        stopped = await arming.follow(tx, list(_moved(work, now)), now, self.packs)
        # Last, so that the places that stand for the others' positions stay as they are.
        positions = await log.append(tx, [*work.entries, *stopped])
        rows = work.rows(positions)
        await store.store(tx, rows)
        await checking.ask(tx, work.checks, by_http=self.by_http)
        await checking.answer(tx, work.answered, work.settled)
        await causes.note(tx, _causes(work))
        await _sample(tx, self._samples(work, positions))
        if self.shadow is not None:
            await self.shadow.write(tx, work.deliberated, positions, now)
        _measure(work, now)

    def _samples(self, work: Work, positions: Sequence[int]) -> list[tuple[int, UUID]]:
        """Choose decisions to learn from; one that was sampled says nothing against anybody."""
        policy = self.policy()
        return [
            (positions[-each.entry - 1], each.case.case_id)
            for each in work.deliberated
            if isinstance(each.outcome, Decided) and is_sampled(each.case.case_id, policy)
        ]


def _moved(work: Work, now: datetime) -> Iterator[Moved]:
    """Return the cases whose clocks run, or ran; one that is answered at once never had any."""
    for case_id in work.changed:
        dossier = work.dossiers[case_id]
        row = dossier.standing
        known = row.version > 0
        if row.customer_waits or known:
            after = row.revision + 1 if row.state == "decided" else 0
            yield Moved(
                case_id,
                dossier.case,
                waits=row.customer_waits,
                known=known,
                round=after,
                since=now if after else None,
                cause=work.causes.get(case_id),
                planned=work.plans.get(case_id),
            )


def _measure(work: Work, now: datetime) -> None:
    for case_id in work.changed:
        row = work.dossiers[case_id].standing
        if row.decided_at == now and row.revision == 0:
            measures.answered(row.queue, row.received_at, now)


def _causes(work: Work) -> list[Suggested]:
    """Return the root causes that the rules see; a later look may withdraw an earlier one."""
    known_before = {
        case_id for case_id, dossier in work.dossiers.items() if dossier.standing.version > 0
    }
    found = [suggested(each.case, answer_of(each.outcome)) for each in work.deliberated]
    return [one for one in found if one.key is not None or one.case_id in known_before]


_SAMPLE = """
INSERT INTO samples (position, case_id) SELECT * FROM unnest($1::bigint[], $2::uuid[])
"""


async def _sample(tx: Connection, chosen: Sequence[tuple[int, UUID]]) -> None:
    if chosen:
        await tx.execute(_SAMPLE, [place for place, _ in chosen], [case for _, case in chosen])
