"""Compares decisions of one case, and merges a case with its later messages. Pure.

A decision is better when the customer loses nothing and gains something; many pairs are neither
better nor worse only where both are alike, for whatever takes anything away counts as worse.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from services.decision.policy.model import Policy
from shared.events.answer import Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, Decision
from shared.events.fault import Fault
from shared.events.tags import Evidence, FlagTag, Tags

_RANK: Final = {
    Disposition.SERVICE_ENDED: 0,
    Disposition.DECLINED: 1,
    Disposition.GOODWILL: 2,
    Disposition.PARTLY_UPHELD: 2,
    Disposition.UPHELD: 3,
}
_WORDS: Final = frozenset({RemedyKind.APOLOGY, RemedyKind.EXPLANATION, RemedyKind.BOUNDARY})
_FEE: Final = {RemedyKind.FEE_WAIVER: RemedyKind.REFUND}


def is_better(new: Decision, old: Decision, policy: Policy) -> bool:
    """Say whether the customer is better off with the new decision, and loses nothing by it."""
    return _covers(new, old, policy) and not _covers(old, new, policy)


def is_worse(new: Decision, old: Decision, policy: Policy) -> bool:
    """Say whether the customer loses anything by the new decision."""
    return not _covers(new, old, policy)


def _covers(one: Decision, other: Decision, policy: Policy) -> bool:
    """Say whether one decision gives everything that the other gives.

    Waiving a fee and paying it back are the same to the customer; words count for nothing.
    """
    if _RANK[one.disposition] < _RANK[other.disposition]:
        return False
    if not _kinds(other) <= _kinds(one):
        return False
    sums, others = _sums(one, policy), _sums(other, policy)
    return all(sums.get(currency, 0) >= amount for currency, amount in others.items())


def _kinds(decision: Decision) -> frozenset[RemedyKind]:
    kinds = {remedy.kind for remedy in decision.remedies} - _WORDS
    return frozenset(_FEE.get(kind, kind) for kind in kinds)


def _sums(decision: Decision, policy: Policy) -> Mapping[str, Decimal]:
    """Return what is paid in all, in EUR; apart for each currency without a rate."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for remedy in decision.remedies:
        if remedy.money is not None:
            euros = policy.in_euros(remedy.money)
            if euros is None:
                sums[remedy.money.currency] += remedy.money.amount
            else:
                sums["EUR"] += euros
    return sums


def merge(before: CaseClassified, message: CaseClassified) -> CaseClassified:
    """Return the case as it stands after a later message.

    New facts win where they say something, flags add up, tone and pressure are those of the newest
    message, and so is the fault unless that message leaves it unclear. The case arrived when its
    first message did, and keeps the day it was received, unless the bank learnt since of something
    that happened after it.
    """
    facts = _facts(before.facts, message.facts)
    happened = [when for when in (facts.paid_at, facts.delivered_at) if when is not None]
    since = any(when > before.received_at for when in happened)
    filed = message.category if before.category is Category.OTHER else before.category
    return message.model_copy(
        update={
            "case_id": before.case_id,
            "customer_id": before.customer_id,
            "sequence": max(before.sequence, message.sequence),
            "category": filed,
            "product": before.product or message.product,
            "claim": message.claim or before.claim,
            "facts": facts,
            "received_at": message.received_at if since else before.received_at,
            "accepted_at": before.accepted_at,
            "jurisdiction": before.jurisdiction or message.jurisdiction,
            "tags": _tags(before.tags, message.tags),
        }
    )


def _facts(before: Facts, message: Facts) -> Facts:
    new = {name: value for name, value in message if value is not None}
    return before.model_copy(update=new | {"other": {**before.other, **message.other}})


def _tags(before: Tags, message: Tags) -> Tags:
    flags: dict[str, FlagTag] = {}
    for flag in (*before.flags, *message.flags):
        known = flags.get(flag.value)
        if known is None or flag.confidence > known.confidence:
            flags[flag.value] = flag
    unclear = message.fault.value is Fault.UNCLEAR and before.fault.value is not Fault.UNCLEAR
    kept = [each for each in before.evidence if each.target == "flags"]
    if unclear:
        kept += [each for each in before.evidence if each.target == "fault"]
    fault = before.fault if unclear else message.fault
    own = [each for each in message.evidence if not (unclear and each.target == "fault")]
    return message.model_copy(
        update={
            "fault": fault,
            "flags": tuple(flags.values()),
            "evidence": tuple(dict.fromkeys((*own, *map(_without_place, kept)))),
        }
    )


def _without_place(evidence: Evidence) -> Evidence:
    """Keep why a tag was given; its place was one in an earlier message."""
    return evidence.model_copy(update={"start": None, "end": None})
