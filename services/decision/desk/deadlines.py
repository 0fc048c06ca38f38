"""A person extends or stops a clock, exactly as its pack allows; anything else names its rule.

The letter goes out with the extension: the event holds its parts. Nothing here answers a case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson

from services.decision import log, store
from services.decision.clock import terms
from services.decision.clock.calendars import Calendar
from services.decision.clock.days import end_of
from services.decision.clock.load import Packs
from services.decision.clock.model import Role
from services.decision.clock.plan import Clock
from services.decision.clock.state import Draft
from services.decision.clock.terms import Extended, Refused, Written
from services.decision.desk.cases import Held, brief, expect_holder, hold
from services.decision.desk.cases import expect as expect_version
from services.decision.desk.forms import ClockForm, ExpectForm, ExtendForm, PauseForm
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.log import Entry
from services.decision.timing import amends, expecting, letters, promising
from services.decision.timing import store as clocks
from services.decision.timing.doings import Told
from services.decision.timing.firing import calendar_of
from services.decision.timing.rows import Offers, armed_as, clock_of, is_running
from services.decision.timing.telling import Happened, Kind, say
from shared.http.flaws import Flaw
from shared.http.problems import ProblemError, invalid, not_found
from shared.outbox import Saying
from shared.postgres import Connection

_FURTHEST: Final = timedelta(days=366)
"""No customer is told of a later date."""
TermT = TypeVar("TermT", Written, Extended)
_FIRED = "SELECT fired_at FROM timers WHERE (case_id, clock, rung) = ($1, $2, $3)"
_SENT = """
UPDATE timers SET fired_at = clock_now(), lease = NULL, leased_until = NULL
 WHERE (case_id, clock, rung) = ($1, $2, $3) AND fired_at IS NULL
"""
_DRAFT = "UPDATE clocks SET draft = $3 WHERE case_id = $1 AND clock = $2"


@dataclass(frozen=True, slots=True)
class _Found:
    """A case that this person has, and the clock that they mean; `now` is the clocks' time."""

    held: Held
    row: Mapping[str, Any]
    clock: Clock
    now: datetime


async def extend(  # noqa: PLR0913, PLR0917 - an act, and what the rules say of it
    tx: Connection,
    person: Person,
    case_id: UUID,
    form: ExtendForm,
    packs: Packs,
    offers: Offers,
) -> Done:
    """Extend the time for the answer, once, with the letter; or prepare the letter for its rung.

    Where the pack only demands a letter, that goes out and moves nothing. With the letter the
    customer gets what the policy gives for a delay.

    Raises:
        ProblemError: 404; 409, it moved on, is not with this person, or a rule forbids it.

    """
    found = await _find(tx, person, case_id, form, tells=True)
    row, clock, calendar = found.row, found.clock, calendar_of(found.clock, packs)
    if clock.extension is None and clock.holding_letter:
        new: Written | Extended = await _written(tx, found, form, calendar)
    else:
        extended = terms.extend(clock, form.reasons, form.new_date, found.now, calendar)
        new = _allowed(extended, clock)
    until = end_of(form.new_date, calendar.zone, clock.closes)
    told = {"clock": row["clock"], "new_due_at": until, "version": form.version}
    words = log.canonical({"letter": {part.value: text for part, text in form.reasons.items()}})
    draft = Draft(clock=clock.id, reasons=dict(form.reasons), new_date=form.new_date)
    if form.later:
        await tx.execute(_DRAFT, case_id, row["clock"], draft.model_dump_json())
        return await _done(tx, person, found, "letter_prepared", told, words)
    if isinstance(new, Extended):
        kind, term = "extended", new.clock
        await clocks.extend(tx, armed_as(row, clock), armed_as(row, new.clock))
    else:
        kind, term = "letter_sent", None
        await tx.execute(_DRAFT, case_id, row["clock"], draft.model_dump_json())
        await tx.execute(_SENT, case_id, row["clock"], letters.rung_of(clock))
    more = letters.letter_of(new.letter, until) | {"due_at": clock.deadline}
    given = await amends.give(tx, [(row, more)], offers, found.now)
    await promising.tell(tx, [Told(row, until, has_term=term is not None)], found.now, packs)
    said = say(row, Happened("extended", "extended", more), found.now)
    return await _done(tx, person, found, kind, told, words, said, term, given)


async def _written(tx: Connection, found: _Found, form: ExtendForm, calendar: Calendar) -> Written:
    """Return the letter of a pack that allows no extension: it goes out once.

    Raises:
        ProblemError: 409, a rule forbids it; 422, no customer is told of so late a date.

    """
    row, clock, now = found.row, found.clock, found.now
    new = _allowed(terms.write(clock, form.reasons, form.new_date, now, calendar), clock)
    if end_of(form.new_date, calendar.zone) > now + _FURTHEST:
        raise invalid(Flaw("new_date", "must be within a year"))
    fired_at = await tx.fetchval(_FIRED, row["case_id"], row["clock"], letters.rung_of(clock))
    if fired_at is not None and letters.was_sent(row["draft"], fired_at, clock):
        raise _refused(Refused(f"the letter went out already: {clock.no_extension}"), clock)
    if fired_at is not None and form.later:
        raise _refused(Refused("the letter's rung has come already, send it now"), clock)
    return new


async def expect(tx: Connection, person: Person, case_id: UUID, form: ExpectForm) -> Done:
    """Note when this person expects to answer: it is what the customer hears where it is too late.

    A date that leaves the time for sending spares the customer the warning, until it has passed or
    another person gets the case.

    Raises:
        ProblemError: 404, also where no clock runs; 409, it moved on or is not with this person;
            422, it is not ahead, or further than a year.

    """
    held = await hold(tx, case_id)
    expect_version(held, form.version)
    expect_holder(held, person.id)
    now: datetime = await tx.fetchval("SELECT clock_now()")
    if form.by <= now:
        raise invalid(Flaw("by", "must be ahead"))
    if form.by > now + _FURTHEST:
        raise invalid(Flaw("by", "must be within a year"))
    if not await expecting.expect(tx, case_id, form.by, form.reason):
        raise not_found("running clock of this case")
    told = {"expected_by": form.by, "reason": form.reason, "version": form.version}
    entry = Entry(case_id, "answer_expected", person.id, held.now, log.canonical(told))
    await log.append(tx, [entry])
    await store.store(tx, [replace(held.row, assignee=person.id)])
    shown = {**brief(held.row, held.row.version + 1, person.id), "expected_by": form.by.isoformat()}
    return Done({**shown, "version": held.row.version + 1})


async def pause(
    tx: Connection, person: Person, case_id: UUID, form: PauseForm, packs: Packs
) -> Done:
    """Stop a clock, where its pack says that waiting stops it.

    Raises:
        ProblemError: 404; 409, it moved on, is not with this person, or a rule forbids it.

    """
    found = await _find(tx, person, case_id, form)
    calendar = calendar_of(found.clock, packs)
    new = terms.pause(found.clock, form.reason, found.now, calendar)
    if isinstance(new, Refused):
        raise _refused(new, found.clock)
    return await _move(tx, person, found, "paused", new.clock, form)


async def resume(
    tx: Connection, person: Person, case_id: UUID, form: ClockForm, packs: Packs
) -> Done:
    """Let a clock run again that was stopped.

    Raises:
        ProblemError: 404; 409, it moved on, is not with this person, or it is running.

    """
    found = await _find(tx, person, case_id, form)
    new = terms.resume(found.clock, found.now, calendar_of(found.clock, packs))
    if isinstance(new, Refused):
        raise _refused(new, found.clock)
    return await _move(tx, person, found, "resumed", new.clock, form)


async def _move(  # noqa: PLR0913, PLR0917 - an act, and the clock that it gives
    tx: Connection, person: Person, found: _Found, kind: Kind, clock: Clock, form: ClockForm
) -> Done:
    await clocks.move(tx, armed_as(found.row, clock))
    step = f"{kind} {found.held.row.version}"
    more = {"new_due_at": clock.deadline}
    said = say(found.row, Happened(kind, step, more), found.now)
    told = {"clock": found.row["clock"], "new_due_at": clock.deadline, "version": form.version}
    return await _done(tx, person, found, f"clock_{kind}", told, None, said, clock)


async def _find(
    tx: Connection, person: Person, case_id: UUID, form: ClockForm, *, tells: bool = False
) -> _Found:
    held = await hold(tx, case_id)
    expect_version(held, form.version)
    expect_holder(held, person.id)
    if tells:
        await amends.hold(tx)
    locked = (await clocks.lock(tx, [case_id])).get(case_id, [])
    running = [row for row in locked if is_running(row)]
    answers = [row for row in running if row["role"] == Role.ANSWER]
    named = [row for row in running if row["clock"] == form.clock] if form.clock else answers
    if not named:
        raise not_found("running clock of this case")
    now: datetime = await tx.fetchval("SELECT clock_now()")
    row = {**named[0], "assignee": held.assignee, "queue": held.row.queue}
    return _Found(held, row, clock_of(row), now)


def _allowed(found: TermT | Refused, clock: Clock) -> TermT:
    if isinstance(found, Refused):
        raise _refused(found, clock)
    return found


def _refused(refused: Refused, clock: Clock) -> ProblemError:
    flaw = Flaw(f"rule.{clock.pack}", refused.rule)
    return ProblemError(409, f"The pack {clock.pack} does not allow this: {refused.rule}.", (flaw,))


async def _done(  # noqa: PLR0913, PLR0917 - an act, its words, its events
    tx: Connection,
    person: Person,
    found: _Found,
    kind: str,
    told: dict[str, Any],
    words: str | None,
    said: list[Saying] | None = None,
    clock: Clock | None = None,
    given: Sequence[Entry] = (),
) -> Done:
    """Log the act and store what it changes for people: the last day for the answer."""
    row, now = found.held.row, found.held.now
    entry = Entry(row.case_id, kind, person.id, now, log.canonical(told), words)
    await log.append(tx, [entry, *given])
    if clock is not None and clock.role is Role.ANSWER and row.answer_due_at is not None:
        row = replace(row, answer_due_at=clock.deadline)
    await store.store(tx, [replace(row, assignee=person.id)])
    shown = {**brief(row, row.version + 1, person.id), **orjson.loads(log.canonical(told))}
    return Done({**shown, "version": row.version + 1}, sayings=said or [])
