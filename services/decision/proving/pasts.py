"""Monotone (invariant 5): a worse past, and a larger claim, never give a better answer.

Histories are walked upwards one step at a time; what is owed may not change on any of them.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Outcome
from services.decision.policy.model import Policy
from services.decision.proving.outcomes import (
    Decider,
    answer_of,
    at_once,
    beyond_in,
    is_granted,
    owed_in,
    road_of,
    way_of,
)
from services.decision.proving.problems import Kind, Problem, place_of, shown
from services.decision.proving.space import Stuff
from shared.events.answer import Basis

Walk = tuple[Known, ...]


def walks(policy: Policy) -> tuple[Walk, ...]:
    """Return pasts that grow worse step by step, past every bound of the policy."""
    total, times = policy.goodwill.total, policy.goodwill.times
    steps = range(times + 2)
    sums = (Decimal(0), total / 2, total - Decimal("0.01"), total, total + 1)
    lately = policy.abuse.lately.cases
    stories = policy.abuse.same_story.customers
    return (
        tuple(Known(history=History(times=n)) for n in steps),
        tuple(Known(history=History(times=min(1, n), euros=each)) for n, each in enumerate(sums)),
        tuple(Known(history=History(contradicted=n)) for n in (0, 1, 2, 3, 10, 1000)),
        tuple(Known(history=History(times=1, verified=3, contradicted=n)) for n in (0, 1, 5)),
        tuple(Known(history=History(lately=n)) for n in (0, lately - 1, lately, lately + 9)),
        tuple(Known(history=History(same_story=n)) for n in (0, stories - 1, stories, 999)),
        tuple(Known(asked=True, history=History(trusted_unshown=n)) for n in (0, 1, 5)),
        tuple(Known(asked=True, history=History(contradicted=n)) for n in (0, 1, 5)),
        tuple(Known(history=History(verified=n)) for n in (500, 5, 1, 0)),
        tuple(
            Known(history=History(times=n, euros=n * total / 3, contradicted=n, lately=n * lately))
            for n in steps
        ),
    )


def worse_pasts(
    stuff: Stuff, policy: Policy, decide: Decider, walk: Walk
) -> Iterator[tuple[Outcome, Problem | None]]:
    """Decide one case along a walk; yield each outcome with what a worse past bettered."""
    case = stuff.told()
    outcomes = [(known, decide(case, known, policy)) for known in walk]
    yield outcomes[0][1], None
    for (_, before), (known, after) in pairwise(outcomes):
        found = bettered(before, after, policy)
        if found is None:
            yield after, None
            continue
        kind, text = found
        place = place_of(answer_of(before) or answer_of(after))
        yield after, Problem(kind, place, text, shown(case, known))


def is_sooner(before: Outcome, after: Outcome) -> bool:
    return way_of(after) > way_of(before)


def bettered(before: Outcome, after: Outcome, policy: Policy) -> tuple[Kind, str] | None:
    """Say what the second outcome, of a worse past, has that the first has not."""
    one, two = answer_of(before), answer_of(after)
    costs = _costs(before, after)
    if costs is not None:
        return Kind.PAST_COSTS, costs
    if is_sooner(before, after) and is_granted(two):
        return Kind.PAST_HELPS, "a worse past is answered sooner"
    was, is_now = beyond_in(one, policy), beyond_in(two, policy)
    if is_now[0] > was[0] or is_now[1] > was[1] or is_now[2] > was[2]:
        return Kind.PAST_HELPS, "a worse past is given more"
    return None


def _costs(before: Outcome, after: Outcome) -> str | None:
    """Say what a worse past took of what is owed, or of the way that it takes."""
    one, two = answer_of(before), answer_of(after)
    if owed_in(one) != owed_in(two):
        return "a worse past changed the remedies that are owed"
    if one is None or one.decision.basis is Basis.TRUST:
        return None
    if at_once(before) != at_once(after):
        return "a worse past holds up what is owed"
    if one.decision.basis is not Basis.ENTITLEMENT:
        return None
    same = two is not None and two.decision.basis is Basis.ENTITLEMENT
    if same and road_of(before) == road_of(after):
        return None
    return "a worse past changed the basis of what is owed, or who answers it"
