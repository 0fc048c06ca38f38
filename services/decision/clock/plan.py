"""The plan of a case: its clocks, with every instant computed once and stored with the case.

A clock holds all that is needed to run it, so a later version of its pack changes no open case.
Lateness follows from the stored instants; a lapse that was recorded stays.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from pydantic import ConfigDict, Field

from services.decision.clock.calendars import Calendar
from services.decision.clock.choose import CaseFacts, choose, promise_of
from services.decision.clock.days import before, day_of, end, local
from services.decision.clock.ladder import Action, Rung
from services.decision.clock.load import Packs
from services.decision.clock.model import (
    Acknowledge,
    Buffer,
    Kind,
    Lateness,
    LetterPart,
    Pack,
    Part,
    PauseReason,
    Role,
)
from shared.events.base import Instant

_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PlannedRung:
    """A rung with the instant (UTC) at which it is due; a plain value, for clocks have many."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    rung: Rung
    due: Instant


class ExtensionTerms(Part):
    """What an extension must contain, and the last instant it may reach."""

    latest: Instant
    letter: tuple[LetterPart, ...]
    rule: str


class PauseTerms(Part):
    """What may stop the clock, and the deadline that holds even so."""

    latest: Instant
    reasons: tuple[PauseReason, ...]
    rule: str


class Clock(Part):
    """One deadline of one case. `term` counts its extensions: a new term climbs a new ladder."""

    pack: str
    pack_version: str
    calendar: str
    calendar_version: str
    zone: str
    kind: Kind
    role: Role
    term: int = 0
    starts_at: Instant
    last_day: date
    closes: time | None = Field(default=None, exclude_if=lambda closes: closes is None)
    """When its last day ends, however it is moved; None: at midnight, as where it is not stored."""
    decide_by: Instant
    deadline: Instant
    acknowledge_by: Instant | None
    acknowledge: Acknowledge | None
    buffer: Buffer
    rungs: tuple[PlannedRung, ...]
    warned_date: Instant
    lateness: Lateness
    holding_letter: tuple[LetterPart, ...]
    extension: ExtensionTerms | None
    no_extension: str
    pause: PauseTerms | None
    no_pause: str
    late_arrival: bool = False
    lapsed_at: Instant | None = None
    paused_at: Instant | None = None
    paused_from: Instant | None = None
    """The deadline that the pause moved; None while the clock runs."""

    @property
    def id(self) -> str:
        """Return the clock's name within its case; each rung fires once under it."""
        return f"{self.pack}:{self.term}"

    @property
    def is_told(self) -> bool:
        """Whether it watches a date that a warning told; `term` counts them, for none is moved."""
        return self.kind is Kind.PROMISE and self.term > 0


def plan(case: CaseFacts, received_at: datetime, now: datetime, packs: Packs) -> tuple[Clock, ...]:
    """Return the clocks of a case. `now` is when it arrived, also when it is planned anew.

    Raises:
        ValueError: `received_at` or `now` has no offset.

    """
    clocks: list[Clock] = []
    for pack in choose(case, packs):
        calendar = packs.calendar(pack, case.jurisdiction)
        received = local(received_at, calendar.zone).astimezone(UTC)
        if pack.limit is not None:
            deadline = end(received, pack.limit, calendar, cut_off=pack.cut_off, closes=pack.closes)
        else:
            promised = case.facts.promised_by
            if promised is None or promised <= now or case.facts.delivered_at is not None:
                continue
            deadline = promised
        clocks.append(_clock(pack, calendar, received, deadline, now, packs))
    return tuple(clocks)


def told(
    jurisdiction: str | None, new_date: datetime, number: int, now: datetime, packs: Packs
) -> Clock | None:
    """Return the clock of a date that a case's customer is told at `now`, the `number`-th.

    None: the bank has no pack for promises.
    """
    pack = promise_of(jurisdiction, packs)
    if pack is None or pack.told is None:
        return None
    if number >= pack.told.dates:
        pack = pack.model_copy(update={"ladder": pack.told.last_ladder})
    calendar = packs.calendar(pack, jurisdiction)
    received = local(now, calendar.zone).astimezone(UTC)
    return _clock(pack, calendar, received, new_date, now, packs).model_copy(
        update={"term": number}
    )


def answer_due_at(case: CaseFacts, received_at: datetime, packs: Packs) -> datetime:
    """Return the deadline of the clock for the answer, without the rest of the plan.

    Raises:
        ValueError: `received_at` has no offset.

    """
    for pack in choose(case, packs):
        if pack.role is Role.ANSWER and pack.limit is not None:
            calendar = packs.calendar(pack, case.jurisdiction)
            return end(received_at, pack.limit, calendar, cut_off=pack.cut_off, closes=pack.closes)
    raise LookupError("no pack is for the answer; the default one must be")


def laid(
    rungs: tuple[Rung, ...], starts_at: datetime, decide_by: datetime, deadline: datetime
) -> tuple[PlannedRung, ...]:
    """Lay a ladder over a stretch of time; the lapse stands at the deadline itself."""
    whole = decide_by - starts_at
    return tuple(
        PlannedRung(
            rung=rung,
            due=deadline if rung.at == "deadline" else starts_at + whole * rung.at / 100,
        )
        for rung in rungs
    )


def decide_by(
    starts_at: datetime, deadline: datetime, buffer: Buffer, calendar: Calendar
) -> datetime:
    """Return by when to decide; never before the clock starts: then it is due at once."""
    return max(starts_at, before(deadline, buffer, calendar))


def _clock(  # noqa: PLR0913, PLR0917 - one value from each part of a plan
    pack: Pack,
    calendar: Calendar,
    received: datetime,
    deadline: datetime,
    now: datetime,
    packs: Packs,
) -> Clock:
    late = deadline <= now
    rungs = packs.ladders[pack.ladder].rungs
    if late:
        rungs = tuple(rung for rung in rungs if rung.action is Action.LAPSE)
    by = decide_by(received, deadline, pack.dispatch_buffer, calendar)
    acknowledge, extension, pause = pack.acknowledge, pack.extension, pack.pause
    return Clock(
        pack=pack.id,
        pack_version=packs.stamps[pack.id],
        calendar=calendar.id,
        calendar_version=calendar.version,
        zone=calendar.zone.key,
        kind=pack.kind,
        role=pack.role,
        starts_at=received,
        last_day=day_of(deadline, calendar),
        closes=pack.closes,
        decide_by=by,
        deadline=deadline,
        acknowledge=acknowledge,
        acknowledge_by=acknowledge and end(received, acknowledge.within, calendar),
        buffer=pack.dispatch_buffer,
        rungs=laid(rungs, received, by, deadline),
        warned_date=end(deadline - _INSTANT, pack.warned_date, calendar),
        lateness=pack.lateness,
        holding_letter=pack.holding_letter,
        extension=extension
        and ExtensionTerms(
            latest=end(
                received, extension.until, calendar, cut_off=pack.cut_off, closes=pack.closes
            ),
            letter=extension.letter,
            rule=extension.rule,
        ),
        no_extension=pack.no_extension,
        pause=pause
        and PauseTerms(
            latest=end(received, pause.until, calendar, cut_off=pack.cut_off, closes=pack.closes),
            reasons=pause.reasons,
            rule=pause.rule,
        ),
        no_pause=pack.no_pause,
        late_arrival=late,
    )
