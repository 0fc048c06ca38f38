"""What the bank's own data says about who erred. Facts beat claims.

Each rule is named; where none speaks, the learned model decides with the facts among its inputs.
A fact that is missing, of the wrong type or without a time zone counts as not known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Self

from shared.events.tags import Fault

_ELSEWHERE = re.compile(
    r"recipient|receiving|other[ _]bank|sender|merchant|by[ _]operator", re.IGNORECASE
)
_OWN_NAMES = frozenset({"bank", "own_system", "own system", "us", "evenhand"})
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d):(\d\d))?|(?<![\d:.])(\d\d):(\d\d)(?![\d:])")
_WHOLE_DAY = timedelta(days=1)
_ABOUT_TERMS = frozenset({None, "fee_dispute", "terms_change", "booking_change", "missed_due_date"})
_TELLS_OF_OUTAGE = frozenset({"outage", "last_hour", "both"})
"""Without its own times an incident covers the due moment only if the message speaks of it."""
_OWN_DOING = frozenset({"own_choice", "own_slip", "both"})
"""Whoever says so shares a lateness that an incident covers; naming the hour says nothing yet."""
_SHORT = timedelta(hours=12)
"""An outage that began this short before the due moment left time to pay before it."""
LIKELY = 0.6
_REPORTING_SLACK = timedelta(hours=1)
"""Incident logs end at a round minute; the due moment is often the last second of a day."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The known facts, by type; None means not known."""

    due_at: datetime | None
    paid_at: datetime | None
    promised_by: datetime | None
    delivered_at: datetime | None
    terms_accepted: bool | None
    authorised: bool | None
    rejected_by: str | None
    incident: str | None
    incident_from: datetime | None
    incident_to: datetime | None

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Self:
        """Take the known keys; whatever cannot be read counts as not known."""
        return cls(
            due_at=_instant(given.get("due_at")),
            paid_at=_instant(given.get("paid_at")),
            promised_by=_instant(given.get("promised_by")),
            delivered_at=_instant(given.get("delivered_at")),
            terms_accepted=_truth(given.get("terms_accepted")),
            authorised=_truth(given.get("authorised")),
            rejected_by=_name(given.get("rejected_by")),
            incident=_name(given.get("incident")),
            incident_from=_instant(given.get("incident_from")),
            incident_to=_instant(given.get("incident_to")),
        )

    @property
    def is_late(self) -> bool | None:
        """Whether the payment came after its due moment."""
        return None if self.due_at is None or self.paid_at is None else self.paid_at > self.due_at

    @property
    def is_promise_broken(self) -> bool | None:
        """Whether something promised came late; None also when it has not come yet."""
        if self.promised_by is None or self.delivered_at is None:
            return None
        return self.delivered_at > self.promised_by

    @property
    def is_rejected_elsewhere(self) -> bool | None:
        """Whether somebody other than the bank rejected the payment."""
        if self.rejected_by is None:
            return None
        return self.rejected_by.strip().lower() not in _OWN_NAMES

    @property
    def is_ours(self) -> bool:
        """Whether a bank-side incident is known."""
        return self.incident is not None and not _ELSEWHERE.search(self.incident)

    def outage(self) -> tuple[datetime, datetime | None] | None:
        """Return when the incident began and ended, from its own facts or from its name."""
        if self.incident_from is not None:
            return self.incident_from, self.incident_to
        if self.incident is None or self.due_at is None:
            return None
        try:
            return _window(self.incident, self.due_at.tzinfo)
        except (ValueError, OverflowError):
            return None


def _instant(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.utcoffset() is not None else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _window(name: str, zone: tzinfo | None) -> tuple[datetime, datetime] | None:
    """Read "… 2026-06-30 22:10 to 2026-07-01 00:30", "… 06:55-16:30" or a day alone."""
    moments: list[datetime] = []
    has_time = False
    for day, hour, minute, only_hour, only_minute in _INSTANT.findall(name[:200]):
        if day:
            base = datetime.fromisoformat(day).replace(tzinfo=zone)
        elif moments:
            base = moments[-1].replace(hour=0, minute=0)
        else:
            continue
        clock = timedelta(
            hours=int(hour or only_hour or 0), minutes=int(minute or only_minute or 0)
        )
        if not day and has_time and base + clock < moments[-1]:
            clock += _WHOLE_DAY  # "21:50-00:40" ends after midnight
        has_time = bool(hour or only_hour)
        moments.append(base + clock)
    if not moments:
        return None
    is_span = has_time and len(moments) > 1
    return moments[0], moments[-1] if is_span else moments[-1] + _WHOLE_DAY


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says, its name, and whether it settles the matter whatever the message says.

    A fact that does not settle (accepted terms, an incident somewhere) only supports what the model
    concludes from facts and words together. A late payment denies that the bank is to blame: who
    is, the customer or whoever paid the customer late, is for the words to say.
    """

    fault: Fault
    rule: str
    settles: bool = False
    denies: Fault | None = None

    def outweighs(self, concluded: Fault, sure: float) -> bool:
        """Tell whether this stands against what was concluded from facts and words together.

        Doubt yields to a fact; but a promise not kept yet may wait for somebody else. Against a
        fact that denies something, another conclusion must be clearly likelier than not.
        """
        doubt = concluded is Fault.UNCLEAR and self.rule != "promise_without_delivery"
        denied = self.denies is not None and (concluded is self.denies or sure < LIKELY)
        return self.settles or doubt or denied


def judge(facts: Facts, said: frozenset[str], category: str | None) -> Finding | None:
    """Return what the facts settle, or None where they are silent.

    `said` holds concepts of the fault lists that the message contains (`own_slip`, `last_hour`, …).
    They refine a fact and never stand alone. Where nobody need have erred, as in a question or in
    thanks, facts settle nothing.
    """
    if category == "information":
        return None
    found = [
        finding
        for finding in (
            _payment(facts, said),
            _promise(facts),
            _consent(facts, said),
            _rejection(facts, said),
            _terms(facts, said, category),
        )
        if finding is not None
    ]
    if not found:
        return _incident(facts, said)
    settled = [finding for finding in found if finding.settles]
    denied = {finding.denies for finding in found if finding.rule == "paid_after_due"}
    if len({finding.fault for finding in settled}) > 1 or denied & {f.fault for f in settled}:
        return Finding(Fault.UNCLEAR, "facts_contradict", settles=True)
    return (settled or found)[0]


def _payment(facts: Facts, said: frozenset[str]) -> Finding | None:
    if facts.is_late is None or (facts.is_late and facts.is_rejected_elsewhere):
        return None  # a rejection is the root cause of lateness
    if not facts.is_late:
        return Finding(Fault.COMPANY, "paid_in_time", settles=True)
    if facts.is_ours and (facts.outage() is not None or said & _TELLS_OF_OUTAGE):
        return _late_in_incident(facts, said)
    if said & {"last_hour", "outage"} and said & {"third", "both", "outage"}:
        return None  # what kept the customer, or who shares the lateness, is in the text
    return Finding(Fault.CUSTOMER, "paid_after_due", denies=Fault.COMPANY)


def _late_in_incident(facts: Facts, said: frozenset[str]) -> Finding | None:
    outage = facts.outage()
    if facts.due_at is None or outage is None:
        return None
    began, ended = outage
    is_over = ended is not None and facts.due_at - ended > _REPORTING_SLACK
    if is_over or began > facts.due_at:
        return Finding(Fault.CUSTOMER, "incident_elsewhen", settles=True)
    if facts.due_at - began > _SHORT:
        return Finding(Fault.COMPANY, "incident_covers_due", settles=True)
    if said & _OWN_DOING:
        return Finding(Fault.SHARED, "left_to_the_incident", settles=True)
    return Finding(Fault.COMPANY, "incident_covers_due", settles=True)


def _promise(facts: Facts) -> Finding | None:
    if facts.is_promise_broken:
        return Finding(Fault.COMPANY, "delivered_after_promise", settles=True)
    if facts.promised_by is not None and facts.delivered_at is None:
        return Finding(Fault.COMPANY, "promise_without_delivery")
    return None


def _consent(facts: Facts, said: frozenset[str]) -> Finding | None:
    if facts.authorised is not False:
        return None
    if facts.is_ours:
        return Finding(Fault.COMPANY, "not_authorised_after_report")
    return None if "gave_code" in said else Finding(Fault.THIRD_PARTY, "not_authorised")


def _rejection(facts: Facts, said: frozenset[str]) -> Finding | None:
    if facts.is_rejected_elsewhere and "own_slip" not in said:
        return Finding(Fault.THIRD_PARTY, "rejected_elsewhere")
    if facts.is_rejected_elsewhere and facts.rejected_by and "bank" in facts.rejected_by.lower():
        return Finding(Fault.CUSTOMER, "rejected_after_slip", denies=Fault.COMPANY)  # rightly so
    if facts.is_rejected_elsewhere is False and facts.is_ours:
        return Finding(Fault.COMPANY, "rejected_by_incident")
    return None


def _terms(facts: Facts, said: frozenset[str], category: str | None) -> Finding | None:
    """Ask whether the terms were accepted; that speaks to a dispute about terms, and no other."""
    elsewhere = category not in _ABOUT_TERMS or said & {"third", "deceived", "both"}
    if facts.terms_accepted is None or facts.is_ours or elsewhere:
        return None
    if facts.terms_accepted:
        return Finding(Fault.CUSTOMER, "terms_accepted")
    return Finding(Fault.COMPANY, "terms_not_accepted", settles=True)


def _incident(facts: Facts, said: frozenset[str]) -> Finding | None:
    alone = facts.is_ours and facts.is_late is None and facts.authorised is None
    if not alone or facts.is_promise_broken is not None or said & {"own_slip", "last_hour", "both"}:
        return None
    return Finding(Fault.COMPANY, "known_incident")
