"""Decides one case on its merits: entitlement, then goodwill, then whether the policy may say so.

Pure: the same case, history, policy and instant give the same outcome. There is no parameter for a
deadline, and no outcome that one could cause.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never

from services.decision.answers import Answer, Maker, NoAnswer
from services.decision.entitlement import (
    HelpOwed,
    NotOwed,
    Owed,
    PartlyOwed,
    Unsettled,
    entitlement,
)
from services.decision.goodwill import History, goodwill
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
        return _PRIORITY[self.queue]


Outcome: TypeAlias = Decided | Referred


def decide(case: CaseClassified, history: History, policy: Policy) -> Outcome:
    """Decide a case, or say which person should and why."""
    flags = {tag.value for tag in case.tags.flags}
    found = _answer(_matter(case, flags), case.tags, history, policy)
    proposal = found if isinstance(found, Answer) else None
    first = _people_first(case, flags)
    if first is not None:
        return Referred(*first, proposal)
    vulnerable = Flag.VULNERABLE in flags
    queue = Queue.SPECIALIST if vulnerable else Queue.REVIEW
    if isinstance(found, NoAnswer):
        return Referred(queue, found.reason, None)
    doubt = _doubt(case, found, policy)
    if doubt is not None:
        if found.decision.rule == "entitlement.unauthorised_payment" and not vulnerable:
            queue = Queue.FRAUD
        return Referred(queue, doubt, found)
    if vulnerable and found.decision.disposition is Disposition.DECLINED:
        return Referred(queue, "vulnerable", found)
    return Decided(found, queue if vulnerable else None)


def _people_first(case: CaseClassified, flags: set[Flag]) -> tuple[Queue, str] | None:
    """Name the person whom nothing automatic may come before."""
    if Flag.SAFETY in flags:
        return Queue.SAFETY, "safety"
    if case.tags.pressure.value is Pressure.VIOLENCE:
        return Queue.SPECIALIST, "violence"
    if Flag.LEGAL in flags:
        return Queue.LEGAL, "legal"
    if Flag.STAFF_CONDUCT in flags or case.category is Category.STAFF_CONDUCT:
        return Queue.STAFF_CONDUCT, "staff_conduct"
    return None


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
    if tags.fault.confidence < policy.confidence.fault:
        return "fault_uncertain"
    on_conduct = answer.decision.basis in {Basis.GOODWILL, Basis.CONTRACT}
    if on_conduct and min(tags.tone.confidence, tags.pressure.confidence) < (
        policy.confidence.conduct
    ):
        return "conduct_uncertain"
    if answer.cost is None:
        return "currency_without_a_rate"
    if answer.cost > policy.certificate.automatic:
        return "above_the_automatic_certificate"
    if answer.scales is not None and not answer.scales.trust_now:
        return "verify_first"
    return None


def _answer(matter: Matter, tags: Tags, history: History, policy: Policy) -> Answer | NoAnswer:
    how = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
    make = Maker(matter, tags.evidence, how, policy)
    owed = entitlement(matter)
    if isinstance(owed, Owed):
        return make.owed(owed)
    if isinstance(owed, PartlyOwed):
        return make.partly(owed)
    if isinstance(owed, HelpOwed):
        return make.help(owed)
    if isinstance(owed, NotOwed):
        if owed.situation is Situation.LAWFUL_CHANGE:
            return make.declined(owed.situation, owed.reason, f"entitlement.{owed.situation}")
        return make.own_slip(goodwill(matter, how, history, policy), history)
    if isinstance(owed, Unsettled):
        return make.unsettled(owed)
    assert_never(owed)


def answer_due_at(case: CaseClassified, policy: Policy) -> datetime:
    """Return the last day for the answer to a case that waits for a person (calendar days)."""
    within = policy.answer_within
    days = within.by_jurisdiction.get(case.jurisdiction or "", within.otherwise)
    return case.received_at + timedelta(days=days)
