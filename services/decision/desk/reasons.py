"""Why a case is with people, in a sentence for whoever takes it. Pure."""

from typing import Final

from shared.events.catalogue import Queue

_SENTENCES: Final = {
    "safety": "Somebody's safety may be at stake; a specialist comes before everything else.",
    "violence": "The message holds a threat of violence; a specialist looks first.",
    "vulnerable": "The customer may be vulnerable and deserves a specialist's attention.",
    "legal": "Lawyers or a court are named; the substance of the answer stays the same.",
    "staff_conduct": "It is about how an employee behaved; hear the employee before any finding.",
    "language_not_read": "The message is in a language that nobody here has read yet.",
    "fault_uncertain": "It is not certain enough whose fault it was.",
    "conduct_uncertain": "Nobody is declined on a guess about their manners.",
    "facts_contradict": "Facts contradict each other; they are named in the case.",
    "currency_without_a_rate": "The policy knows no rate for this currency.",
    "above_the_automatic_certificate": "The sum is above what the policy may grant alone.",
    "above_the_days_certificate": "What the policy may grant in a day is used up.",
    "verify_first": "Believing the claim costs more than checking it.",
    "verification_unanswered": "The bank's systems could not say whether the claim is true.",
    "verification_answered_late": "The bank's systems have answered after the case was passed on.",
    "verification_overdue": "Granted on trust; the bank's systems have not answered in time.",
    "trust_contradicted": "Granted on trust; the bank's systems now show otherwise. The grant "
    "stands unless two people take it back.",
    "question_unanswered": "The customer was asked a question and has not answered.",
    "question_without_facts": "A question that no facts answer.",
    "ask_the_customer": "Small and not checkable: ask the customer what happened.",
    "amount_unknown": "An unauthorised payment whose sum is not known.",
    "handed_over": "A colleague hands it over; its answer stands.",
    "message_after_the_decision": "The customer wrote again after the answer.",
    "message_during_review": "The customer wrote again while the case waited.",
    "message_before_its_case": "A message came before the case that it belongs to.",
}
_QUEUES: Final = {
    Queue.SAFETY: "Safety goes before everything else.",
    Queue.SPECIALIST: "A specialist is needed.",
    Queue.LEGAL: "The legal team is needed.",
    Queue.FRAUD: "The fraud team is needed, today.",
    Queue.STAFF_CONDUCT: "It is about how an employee behaved.",
    Queue.REVIEW: "A person has to look at it.",
}


def sentence(queue: Queue | None, reason: str | None) -> str:
    """Return why the case is in its queue; a reason without words is named as it is."""
    if reason in _SENTENCES:
        return _SENTENCES[reason]
    words = f" ({reason.replace('_', ' ')})" if reason else ""
    return f"{_QUEUES[queue or Queue.REVIEW]}{words}"
