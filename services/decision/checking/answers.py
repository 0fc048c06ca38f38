"""What follows when the bank's systems answer. Pure.

Invariants: of several answers to one question the first counts, all are in the log, and none can do
harm; what was granted on trust stays granted, whatever they say.
"""

from dataclasses import replace
from typing import Any, Final

from services.decision.bench import Bench, Cause, think
from services.decision.course import betters
from services.decision.dossier import Answered, Check, Dossier, Said
from services.decision.following import follow, go_on_waiting
from services.decision.handing import HandOver, hand_over
from services.decision.log import Entry, canonical
from services.decision.merits.known import Checked
from services.decision.merits.outcome import Asked, Verifying
from services.decision.past import Claim
from services.decision.timing.planning import answer_due_at
from shared.events.case import Facts
from shared.events.catalogue import CaseClassified, Queue, VerificationCompleted

CHECKED: Final = {
    "verified": Checked.VERIFIED,
    "contradicted": Checked.CONTRADICTED,
    "unknown": Checked.UNANSWERED,
}
LEDGER: Final = {
    "verified": "verified",
    "contradicted": "contradicted",
    "unknown": "unanswered",
}


def complete(
    event: VerificationCompleted, check: Check | None, cause: Cause, bench: Bench
) -> list[Said]:
    """Take one answer, and say what follows for its case."""
    dossier = bench.work.dossiers.get(event.case_id)
    if check is None or dossier is None or check.case_id != event.case_id:
        _log(event, "to no question of ours", bench)
        return []
    if check.answer is not None or check.verification_id in bench.work.answered:
        _log(event, "repeated", bench)
        return []
    answered = Answered(_answer(event), event.evidence, bench.now)
    bench.work.answered[check.verification_id] = answered
    _log(event, "late" if check.overdue else "taken", bench)
    _remember(check, answered, bench)
    if check.purpose == "background":
        bench.work.settled[check.verification_id] = (LEDGER[answered.answer], bench.now)
        return _in_the_background(event, check, answered, dossier, cause, bench)
    if dossier.standing.state == "verifying":
        return _first(event, answered, dossier, cause, bench)
    return _too_late(event, answered, dossier, bench)


def _answer(event: VerificationCompleted) -> Any:  # noqa: ANN401 - one of the event's words
    """Return what they say; nobody is contradicted without something that shows it."""
    if event.answer == "contradicted" and not (event.evidence or "").strip():
        return "unknown"
    return event.answer


def _log(event: VerificationCompleted, effect: str, bench: Bench) -> None:
    said = {"answer", "confidence", "verification_id", "completed_at"}
    body = {**event.model_dump(mode="json", include=said), "effect": effect}
    # What they found is about the customer: it stands where it can be erased.
    found = event.model_dump_json(include={"evidence", "facts"}, exclude_none=True)
    bench.work.log(
        Entry(event.case_id, "verification_completed", "bank", bench.now, canonical(body), found)
    )


def _remember(check: Check, answered: Answered, bench: Bench) -> None:
    """Let the answer count for the customer's next case in this batch."""
    claims = bench.past.claims[check.customer_id]
    claims[:] = [each for each in claims if each.case_id != check.case_id]
    trusted = check.purpose == "background"
    claims.append(Claim(check.case_id, check.asked_at, check.checkable, trusted, answered.answer))


def with_facts(case: CaseClassified, found: Facts) -> CaseClassified:
    """Return the case with the facts that were found; what is not known changes nothing."""
    new = {
        name: value
        for name, value in found.__dict__.items()
        if name != "other" and value is not None
    }
    other = {**case.facts.other, **found.other}
    if not new and not found.other:
        return case
    return case.model_copy(update={"facts": case.facts.model_copy(update={**new, "other": other})})


def _first(
    event: VerificationCompleted,
    answered: Answered,
    dossier: Dossier,
    cause: Cause,
    bench: Bench,
) -> list[Said]:
    """Decide the case that waited for this answer."""
    if dossier.case is None:
        return _to_a_person(dossier, dossier.thought.reason or "verification_unanswered", bench)
    thought = think(
        with_facts(dossier.case, event.facts),
        CHECKED[answered.answer],
        bench,
        asked=dossier.thought.was_asked,
    )
    if isinstance(thought.outcome, Verifying | Asked):  # nothing is left to be asked
        go_on_waiting(thought, dossier, bench)
        held = bench.work.dossiers[event.case_id]
        return _to_a_person(held, "verification_unanswered", bench)
    return follow(thought, dossier, cause, bench)


def _to_a_person(
    dossier: Dossier, reason: str, bench: Bench, case: CaseClassified | None = None
) -> list[Said]:
    case = case or dossier.case
    if case is None:
        return []
    over = HandOver(
        dossier.thought.queue or Queue.REVIEW,
        reason,
        bench.now,
        answer_due_at(case, bench.packs),
    )
    return hand_over(dossier, case, over, bench.work)


def _in_the_background(  # noqa: PLR0913, PLR0917 - what an answer is taken with
    event: VerificationCompleted,
    check: Check,
    answered: Answered,
    dossier: Dossier,
    cause: Cause,
    bench: Bench,
) -> list[Said]:
    """Settle a grant. New facts may better it; a contradiction is looked at by a person."""
    found = dossier.case and with_facts(dossier.case, event.facts)
    if found is not None and found is not dossier.case:
        thought = think(found, CHECKED[answered.answer], bench, asked=dossier.thought.was_asked)
        if answered.answer == "verified" and betters(thought, dossier, bench.policy):
            return follow(thought, dossier, cause, bench)
        go_on_waiting(thought, dossier, bench)
        dossier = bench.work.dossiers[event.case_id]
    if answered.answer == "verified" or (answered.answer == "unknown" and check.overdue):
        return []
    reason = (
        "trust_contradicted" if answered.answer == "contradicted" else "verification_unanswered"
    )
    return _to_a_person(
        replace(dossier, thought=replace(dossier.thought, queue=Queue.REVIEW)), reason, bench
    )


def _too_late(
    event: VerificationCompleted, answered: Answered, dossier: Dossier, bench: Bench
) -> list[Said]:
    """Show a late answer to the person who has the case; a case with its answer keeps it."""
    if dossier.case is None:
        return []
    thought = think(
        with_facts(dossier.case, event.facts),
        CHECKED[answered.answer],
        bench,
        asked=dossier.thought.was_asked,
    )
    go_on_waiting(thought, dossier, bench)
    if dossier.standing.state == "decided" and answered.answer != "contradicted":
        return []
    return _to_a_person(bench.work.dossiers[event.case_id], "verification_answered_late", bench)
