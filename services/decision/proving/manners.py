"""Tone-blind (invariant 2): every manner of telling one case is held against the polite one.

Goodwill for an own slip may follow conduct; what is owed, the help that is owed, and trust may not,
nor may the way they take to the customer.
"""

from collections.abc import Iterator, Sequence

from services.decision.merits.answers import Answer
from services.decision.merits.known import Known
from services.decision.merits.outcome import Outcome
from services.decision.policy.model import Policy, Situation
from services.decision.proving.outcomes import Decider, answer_of, at_once, owed_in, road_of
from services.decision.proving.problems import Kind, Problem, place_of, shown
from services.decision.proving.space import MANNERS, POLITE, Manner, Stuff
from shared.events.answer import Basis, Disposition
from shared.events.tags import Fault, Pressure

_BY_RIGHT = {Basis.ENTITLEMENT, Basis.TRUST}


def told_otherwise(
    stuff: Stuff, known: Known, policy: Policy, decide: Decider, manners: Sequence[Manner] = MANNERS
) -> Iterator[tuple[Outcome, Problem | None]]:
    """Decide one case in every manner; yield each outcome with what is unfair about it."""
    polite = decide(stuff.told(POLITE), known, policy)
    yield polite, None
    for manner in manners:
        if manner == POLITE:
            continue
        case = stuff.told(manner)
        other = decide(case, known, policy)
        why = _unfair(polite, other, manner, is_slip=stuff.fault is Fault.CUSTOMER)
        if why is None:
            yield other, None
            continue
        place = place_of(answer_of(polite) or answer_of(other))
        text = f"{manner.tone} and {manner.pressure} are answered otherwise than politeness: {why}"
        yield other, Problem(Kind.TONE, place, text, shown(case, known))


def _unfair(polite: Outcome, other: Outcome, manner: Manner, *, is_slip: bool) -> str | None:
    """Say what tone or pressure changed that they may not change."""
    before, after = answer_of(polite), answer_of(other)
    if owed_in(before) != owed_in(after):
        return "what is owed differs"
    if before is not None and before.situation is Situation.OWN_SLIP and is_slip:
        return None
    if manner.pressure is not Pressure.VIOLENCE:
        helped = before is not None and before.situation is Situation.THIRD_PARTY
        one, two = (
            (at_once(polite), at_once(other)) if helped else (road_of(polite), road_of(other))
        )
        if one != two:
            return f"{one} became {two}"
    return _changed(before, after)


def _changed(before: Answer | None, after: Answer | None) -> str | None:
    if before is None or after is None:
        return None if before is after else "one has an answer and the other has none"
    one, two = before.decision, after.decision
    if one.basis not in _BY_RIGHT:
        return None  # the help in it is owed, and was compared
    if (one.disposition, one.basis) != (two.disposition, two.basis):
        return f"{one.disposition} by {one.basis} became {two.disposition} by {two.basis}"
    if one.disposition is not Disposition.PARTLY_UPHELD and one.remedies != two.remedies:
        return "the remedies differ"
    return None
