"""Decides one case on its merits: entitlement, then goodwill, then whether the policy may say so.

Pure: the same case, history, policy and instant give the same outcome. There is no parameter for a
deadline, and no outcome that one could cause.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never

from services.decision.answers import Answer, Maker, NoAnswer
from services.decision.entitlement import (
    Contradicted,
    HelpOwed,
    NotOwed,
    Owed,
    PartlyOwed,
    Unsettled,
    entitlement,
)
from services.decision.goodwill import History
from services.decision.matter import Matter
from services.decision.policy.model import Policy, Situation
from shared.events.answer import Basis, Disposition
from shared.events.case import Category
from shared.events.catalogue import CaseClassified, Queue
from shared.events.tags import Flag, Pressure, Tags, conduct

_PRIORITY: Final = {
    Queue.SAFETY: 0,
    Queue.SPECIALIST: 10,
    Queue.FRAUD: 20,
    Queue.LEGAL: 30,
    Queue.STAFF_CONDUCT: 40,
    Queue.REVIEW: 50,
}


def priority_of(queue: Queue) -> int:
    """Return the place of a queue among queues; 0 is most urgent."""
    return _PRIORITY[queue]


@dataclass(frozen=True, slots=True)
class Decided:
    """The policy answers. `told` names the queue of a person who is told as well."""

    answer: Answer
    told: Queue | None = None


@dataclass(frozen=True, slots=True)
class Referred:
    """A person answers; the proposal is what the policy would have said."""

    queue: Queue
    reason: str
    proposal: Answer | None

    @property
    def priority(self) -> int:
        """Return the place among queues; 0 is most urgent."""
        return priority_of(self.queue)


Outcome: TypeAlias = Decided | Referred


def decide(case: CaseClassified, history: History, policy: Policy) -> Outcome:
    """Decide a case, or say which person should and why."""
    flags = {tag.value for tag in case.tags.flags}
    staff = Flag.STAFF_CONDUCT in flags or case.category is Category.STAFF_CONDUCT
    tags = case.tags
    how = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
    make = Maker(_matter(case, flags), tags.evidence, how, policy)
    found = _answer(make, history)
    if staff:
        found = make.apologised(found)
    proposal = found if isinstance(found, Answer) else None
    first = _people_first(case, flags)
    if first is not None:
        return Referred(*first, proposal)
    if isinstance(found, NoAnswer):
        return Referred(_queue(flags, None), found.reason, None)
    declined = found.decision.disposition is Disposition.DECLINED
    doubt = found.doubt or _doubt(case, found, policy)
    if staff and (doubt is not None or not _is_beyond_the_staff_matter(case, found)):
        queue = Queue.SPECIALIST if Flag.VULNERABLE in flags else Queue.STAFF_CONDUCT
        return Referred(queue, "staff_conduct", found)
    vulnerable = Flag.VULNERABLE in flags
    if doubt is None and vulnerable and declined:
        doubt = "vulnerable"
    if doubt is not None:
        return Referred(_queue(flags, found), doubt, found)
    told = Queue.STAFF_CONDUCT if staff else None
    return Decided(found, Queue.SPECIALIST if vulnerable else told)


def _people_first(case: CaseClassified, flags: set[Flag]) -> tuple[Queue, str] | None:
    """Name the person whom nothing automatic may come before."""
    if Flag.SAFETY in flags:
        return Queue.SAFETY, "safety"
    if case.tags.pressure.value is Pressure.VIOLENCE:
        return Queue.SPECIALIST, "violence"
    if Flag.LEGAL in flags:
        return (Queue.SPECIALIST if Flag.VULNERABLE in flags else Queue.LEGAL), "legal"
    return None


def _queue(flags: set[Flag], answer: Answer | None) -> Queue:
    if Flag.VULNERABLE in flags:
        return Queue.SPECIALIST
    unauthorised = f"entitlement.{Situation.UNAUTHORISED_PAYMENT}"
    if answer is not None and answer.decision.rule == unauthorised:
        return Queue.FRAUD
    return Queue.REVIEW


def _is_beyond_the_staff_matter(case: CaseClassified, answer: Answer) -> bool:
    """Say whether something is owed or given apart from how an employee behaved.

    In a case about an employee only the bank's facts can show that; what the message alone says is
    a finding about the employee, and a person's.
    """
    decision = answer.decision
    if decision.disposition is Disposition.DECLINED:
        return False
    return case.category is not Category.STAFF_CONDUCT or decision.basis is Basis.ENTITLEMENT


def _matter(case: CaseClassified, flags: set[Flag]) -> Matter:
    return Matter(
        facts=case.facts,
        fault=case.tags.fault.value,
        category=case.category,
        claim=case.claim,
        fraud=Flag.FRAUD in flags or case.category is Category.FRAUD,
        received_at=case.received_at,
        jurisdiction=case.jurisdiction,
    )


def _doubt(case: CaseClassified, answer: Answer, policy: Policy) -> str | None:
    """Say why a person must look at an answer that the rules have found, if one must."""
    tags = case.tags
    if not answer.proven and tags.fault.confidence < policy.confidence.fault:
        return "fault_uncertain"
    declined_for_it = answer.decision.basis is Basis.CONTRACT and answer.decision.boundary
    if declined_for_it and _confidence_of_misconduct(tags) < policy.confidence.conduct:
        return "conduct_uncertain"
    if answer.cost is None:
        return "currency_without_a_rate"
    if answer.cost > policy.certificate.automatic:
        return "above_the_automatic_certificate"
    if answer.scales is not None and not answer.scales.trust_now:
        return "verify_first"
    return None


def _confidence_of_misconduct(tags: Tags) -> float:
    """Return how sure it is that the customer was unconstructive; nobody is declined on a guess."""
    if tags.pressure.value in {Pressure.LEVERAGE, Pressure.VIOLENCE}:
        return tags.pressure.confidence
    return tags.tone.confidence


def _answer(make: Maker, history: History) -> Answer | NoAnswer:
    owed = entitlement(make.matter)
    if isinstance(owed, Owed):
        return make.owed(owed)
    if isinstance(owed, PartlyOwed):
        return make.partly(owed, history)
    if isinstance(owed, HelpOwed):
        return make.help(owed)
    if isinstance(owed, Contradicted):
        return make.contradicted(owed)
    if isinstance(owed, NotOwed):
        is_change = owed.situation is Situation.LAWFUL_CHANGE
        return make.lawful_change(owed) if is_change else make.own_slip(history)
    if isinstance(owed, Unsettled):
        return make.unsettled(owed.reason)
    assert_never(owed)


def answer_due_at(case: CaseClassified, policy: Policy) -> datetime:
    """Return the last day for the answer to a case that waits for a person (calendar days)."""
    within = policy.answer_within
    days = within.by_jurisdiction.get(case.jurisdiction or "", within.otherwise)
    return case.received_at + timedelta(days=days)
