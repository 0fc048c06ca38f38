"""Decides one case on its merits: entitlement, then goodwill, then whether the policy may say so.

Pure: the same case, knowledge and policy give the same outcome. There is no parameter for a
deadline, and no outcome that one could cause.
"""

from typing import Final

from services.decision.merits.answers import Answer
from services.decision.merits.clashes import impossible
from services.decision.merits.entitlement import entitlement
from services.decision.merits.known import Checked, Known
from services.decision.merits.making import Maker
from services.decision.merits.matter import Matter
from services.decision.merits.outcome import (
    Asked,
    Decided,
    Outcome,
    Referred,
    Verifying,
    priority_of,
)
from services.decision.merits.rulings import answer_to, apologised
from services.decision.merits.sureness import of_fault, of_misconduct
from services.decision.policy.model import Policy, Situation
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.case import Category
from shared.events.catalogue import CaseClassified, Question, Queue
from shared.events.tags import UNREAD, Flag, Pressure, conduct

_SORRY: Final = (Remedy(kind=RemedyKind.APOLOGY),)
_FOR_CONDUCT: Final = frozenset({"own_slip_by_contract", "conduct"})
_UNSURE_WHO_ERRED: Final = frozenset({"facts_contradict", "fault_uncertain", "language_not_read"})


def decide(case: CaseClassified, known: Known, policy: Policy) -> Outcome:
    """Decide a case, or say who should, or what must be known first."""
    flags = {tag.value for tag in case.tags.flags}
    staff = Flag.STAFF_CONDUCT in flags or case.category is Category.STAFF_CONDUCT
    tags = case.tags
    how = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
    matter = _matter(case, flags, policy)
    matrix = policy.for_case(case.jurisdiction, case.product, case.received_at)
    sure = of_misconduct(tags, policy).enough
    make = Maker(matter, tags.evidence, how, sure, policy, matrix, known)
    answer = answer_to(make, entitlement(matter))
    if staff:
        answer = apologised(make, answer)
    clash = answer.detail or tuple(impossible(matter))
    if answer.scales is not None and known.checked is Checked.CONTRADICTED:
        clash = clash or (f"fault: {tags.fault.value}", "checked: contradicted")
    first = _people_first(case, flags)
    if first is not None:
        return Referred(*first, answer, clash)
    doubt = (
        _unread(case)
        or answer.doubt
        or ("facts_contradict" if clash else _doubt(case, answer, known, policy))
    )
    now = doubt is None and _is_given_at_once(answer, known)
    if doubt is None and Flag.VULNERABLE in flags and not now:
        doubt = "vulnerable"
    if staff and not (now and _is_beyond_the_staff_matter(case, answer)):
        return _about_an_employee(flags, answer, doubt, clash)
    if doubt is not None:
        at_once = () if doubt in _UNSURE_WHO_ERRED else _help(answer)
        return Referred(_queue(flags, answer), doubt, answer, clash, at_once)
    return _granted(answer, known, flags, staff=staff)


def _granted(answer: Answer, known: Known, flags: set[Flag], *, staff: bool) -> Outcome:
    """Give an answer that nothing speaks against; what is not shown is trusted or checked first."""
    if answer.scales is not None:
        if not answer.checkable and not known.asked:
            return Asked(Question.WHAT_HAPPENED, answer)
        if not answer.scales.trust_now:
            return Verifying(answer, _queue(flags, answer), "verification_unanswered")
    check = answer.decision.basis is Basis.TRUST
    if Flag.VULNERABLE in flags:
        return Decided(answer, Queue.SPECIALIST, "vulnerable", check)
    if _leaves_the_sum_open(answer):
        return Decided(answer, Queue.FRAUD, "amount_unknown", check)
    if staff:
        return Decided(answer, Queue.STAFF_CONDUCT, "staff_conduct", check)
    return Decided(answer, check=check)


def _leaves_the_sum_open(answer: Answer) -> bool:
    """Say whether a refund that the law wants by the next business day still lacks its sum."""
    stolen = answer.situation is Situation.UNAUTHORISED_PAYMENT
    return stolen and not any(remedy.money for remedy in answer.decision.remedies)


def _people_first(case: CaseClassified, flags: set[Flag]) -> tuple[Queue, str] | None:
    """Name the person whom nothing automatic may come before."""
    if Flag.SAFETY in flags:
        return Queue.SAFETY, "safety"
    if case.tags.pressure.value is Pressure.VIOLENCE:
        return Queue.SPECIALIST, "violence"
    if Flag.LEGAL in flags:
        return (Queue.SPECIALIST if Flag.VULNERABLE in flags else Queue.LEGAL), "legal"
    return None


def _queue(flags: set[Flag], answer: Answer) -> Queue:
    if Flag.VULNERABLE in flags:
        return Queue.SPECIALIST
    if answer.situation is Situation.UNAUTHORISED_PAYMENT:
        return Queue.FRAUD
    return Queue.REVIEW


def _about_an_employee(
    flags: set[Flag], answer: Answer, doubt: str | None, clash: tuple[str, ...]
) -> Referred:
    """Say sorry at once and let a person find out, who hears the employee first.

    A refund that the law wants the same day is not kept waiting for that.
    """
    queue = min(Queue.STAFF_CONDUCT, _queue(flags, answer), key=priority_of)
    urgent = queue is Queue.FRAUD and doubt is not None
    at_once = _SORRY if doubt in _UNSURE_WHO_ERRED else (*_help(answer), *_SORRY)
    reason = doubt if urgent and doubt is not None else "staff_conduct"
    return Referred(queue, reason, answer, clash, at_once)


def _help(answer: Answer) -> tuple[Remedy, ...]:
    """Return the help that is owed where a third party erred; nobody waits for it."""
    if answer.situation is not Situation.THIRD_PARTY:
        return ()
    return tuple(
        remedy
        for remedy in answer.decision.remedies
        if remedy.share == "entitlement" and remedy.kind is not RemedyKind.APOLOGY
    )


def _is_given_at_once(answer: Answer, known: Known) -> bool:
    """Say whether the customer gets this now: it is no refusal, no question, nothing to check."""
    if answer.decision.disposition is Disposition.DECLINED:
        return False
    scales = answer.scales
    return scales is None or (scales.trust_now and (answer.checkable or known.asked))


def _is_beyond_the_staff_matter(case: CaseClassified, answer: Answer) -> bool:
    """Say whether something is owed or given apart from how an employee behaved.

    In a case about an employee only the bank's facts can show that; what the message alone says is
    a finding about the employee, and a person's.
    """
    shown = answer.decision.basis is Basis.ENTITLEMENT
    return case.category is not Category.STAFF_CONDUCT or shown


def _matter(case: CaseClassified, flags: set[Flag], policy: Policy) -> Matter:
    return Matter(
        facts=case.facts,
        fault=case.tags.fault.value,
        category=case.category,
        claim=case.claim,
        fraud=Flag.FRAUD in flags or case.category is Category.FRAUD,
        received_at=case.received_at,
        jurisdiction=case.jurisdiction,
        outage=case.category in policy.outages,
    )


def _unread(case: CaseClassified) -> str | None:
    """Say whether nobody has read the message: facts prove who erred, and not what is asked for."""
    return "language_not_read" if case.tags.language == UNREAD else None


def _doubt(case: CaseClassified, answer: Answer, known: Known, policy: Policy) -> str | None:
    """Say why a person must look at an answer that the rules have found, if one must."""
    tags = case.tags
    if not answer.proven and not of_fault(tags, policy).enough:
        return "fault_uncertain"
    if _is_declined_for_conduct(answer) and not of_misconduct(tags, policy).enough:
        return "conduct_uncertain"
    return _beyond_the_certificate(answer, known, policy) or _distrust(answer, known)


def _beyond_the_certificate(answer: Answer, known: Known, policy: Policy) -> str | None:
    if answer.cost is None:
        return "currency_without_a_rate"
    if answer.cost > policy.certificates.automatic.limit(answer.situation):
        return "above_the_automatic_certificate"
    if answer.over:
        return "above_the_remedys_limit"
    # In a shared fault the whole counts, forgiven or not: manners must not hold up what is owed.
    shared = answer.decision.disposition is Disposition.PARTLY_UPHELD
    today = answer.cost if shared else answer.granted
    if known.left_today is not None and today > known.left_today:
        return "above_the_days_certificate"
    return None


def _distrust(answer: Answer, known: Known) -> str | None:
    """Say why a person must look at what only the message shows, if one must.

    Doubting a customer who reports a payment they did not make is suspecting them of fraud: that
    is a person's, in writing, and the refund is proposed all the same (PSD2 art. 73).
    """
    scales = answer.scales
    if scales is None:
        return None
    if not answer.checkable:
        if not scales.trust_now:
            return "fault_unclear"
        clean = not known.history.contradicted and not known.history.trusted_unshown
        return "history_not_clean" if known.asked and not clean else None
    if scales.trust_now:
        return None
    if answer.situation is Situation.UNAUTHORISED_PAYMENT:
        return "suspicion_needs_a_written_report"
    return "verification_unanswered" if known.checked is Checked.UNANSWERED else None


def _is_declined_for_conduct(answer: Answer) -> bool:
    return answer.decision.basis is Basis.CONTRACT and any(
        alternative.reason in _FOR_CONDUCT for alternative in answer.decision.alternatives
    )
