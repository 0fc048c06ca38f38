"""Cases at the desk whose clocks run, and the days that pass over them."""

from uuid import UUID

from services.decision.timing import arming
from services.decision.timing.arming import Moved
from shared.events.catalogue import CaseClassified, SlaMilestone
from tests.integration.decision_parts import NOW, PACKS
from tests.integration.desk_service import Running, broken_promise
from tests.integration.timing_service import DAY, Clocks

LETTER = {"reason": "The courier has not answered.", "facts_to_establish": "Where it went."}
AUTUMN = "2027-01-15"


def polish() -> CaseClassified:
    """Return a case under the Polish Act: 30 calendar days."""
    return broken_promise().model_copy(update={"jurisdiction": "PL", "received_at": NOW})


async def arm(desk: Running, case: CaseClassified) -> None:
    """Let the clocks of a case run that is at the desk."""
    async with desk.pool.acquire() as connection, connection.transaction():
        moved = Moved(case.case_id, case, waits=True, known=False)
        await arming.follow(connection, [moved], NOW, PACKS)


async def waiting(desk: Running, case: CaseClassified | None = None) -> UUID:
    """Bring a case (default: a Polish one) to the desk, its clocks running."""
    case = case or polish()
    await desk.arrive(case)
    await arm(desk, case)
    return case.case_id


async def taken(desk: Running, case: CaseClassified | None = None) -> UUID:
    """Bring a case as `waiting` does; the clerk takes it."""
    case_id = await waiting(desk, case)
    await desk.take("clerk", case_id)
    return case_id


def clocks_at(desk: Running) -> Clocks:
    """Return the clocks of the cases at this desk."""
    return Clocks(desk.pool, desk.admin)


async def go_to(desk: Running, day: int) -> None:
    """Let it be so many days after the cases came; nothing has fired yet."""
    await clocks_at(desk).at(NOW + day * DAY)


async def let_pass(desk: Running, day: int) -> None:
    """Let it be so many days after the cases came, and fire all that is due."""
    await go_to(desk, day)
    await clocks_at(desk).drain()


async def milestones_of(desk: Running, case_id: UUID, kind: str) -> list[SlaMilestone]:
    """Return what was told of a case's clocks, of this kind, in order."""
    return [each for each in await clocks_at(desk).milestones(case_id) if each.kind == kind]
