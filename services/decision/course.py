"""What follows from a message, given how its case stands. Pure.

Invariants: a person keeps what a person has; no message makes a case less urgent; an answer that
stands is only ever bettered here, and never where a person gave it.
"""

from services.decision.bench import Bench, Cause, think
from services.decision.dossier import Deliberated, Dossier, Said
from services.decision.following import follow, go_on_waiting, pass_on
from services.decision.merits.betters import is_better, merge
from services.decision.merits.known import Checked
from services.decision.merits.outcome import Asked, Decided, Verifying
from services.decision.policy.model import Policy
from shared.events.catalogue import CaseClassified


def hear(case: CaseClassified, cause: Cause, bench: Bench) -> list[Said]:
    """Take one message of a case, and say what follows."""
    before = bench.work.dossiers.get(case.case_id)
    if before is None:
        thought = think(case, Checked.NOT_YET, bench, asked=False)
        if case.sequence == 0:
            return follow(thought, None, cause, bench)
        return pass_on(thought, None, "message_before_its_case", case, bench)
    return _go_on(case, before, cause, bench)


def _go_on(case: CaseClassified, before: Dossier, cause: Cause, bench: Bench) -> list[Said]:
    """Take a message of a case that was looked at before."""
    whole = case if before.case is None else _in_order(before.case, case)
    known = before.thought.known
    thought = think(whole, known.checked, bench, asked=before.thought.was_asked)
    state = before.standing.state
    if state == "verifying" and isinstance(thought.outcome, Verifying | Asked):
        return go_on_waiting(thought, before, bench)
    if state in {"asked", "verifying"} or betters(thought, before, bench.policy):
        return follow(thought, before, cause, bench)
    reason = "message_after_the_decision" if state == "decided" else "message_during_review"
    return pass_on(thought, before, reason, case, bench)


def _in_order(held: CaseClassified, message: CaseClassified) -> CaseClassified:
    if held.sequence <= message.sequence:
        return merge(held, message)
    return merge(message, held)


def betters(thought: Deliberated, before: Dossier, policy: Policy) -> bool:
    """Say whether the policy may better by itself the answer that stands."""
    standing = before.standing
    return (
        standing.state == "decided"
        and isinstance(thought.outcome, Decided)
        and standing.decided_by == "policy"
        and standing.assignee is None
        and not standing.waiting
        and before.decision is not None
        and is_better(thought.outcome.answer.decision, before.decision, policy)
    )
