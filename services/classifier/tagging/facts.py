"""What the bank's own data says of a case, by type.

A fact that is missing, of the wrong type or without a time zone counts as not known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Self

_ELSEWHERE = re.compile(
    r"(?<!to )(?<!to the )(?<!from )(?<!from the )"
    r"\b(?:(?:an)?other bank|(?:recipient|receiving|sender|sending)(?:'?s)? (?:bank|account))\b"
    r"|\b(?:by|at|of) (?:the )?(?:other banks|(?:recipient|sender|merchant)(?! [a-z]))\b"
    r"|\bby operator\b|\bmerchant acquirer\b"
)
"""An incident is an outage at the bank, unless its name puts it by, at or of somebody else: what
the bank does for merchants or sends to other banks is its own.
"""
_OWN_NAMES = frozenset({"bank", "the bank", "us", "evenhand"})
_OWN = re.compile(r"(?:by )?(?:own|our|(?:the )?bank's)\b")
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d):(\d\d))?|(?<![\d:.])(\d\d):(\d\d)(?![\d:])")
_WHOLE_DAY = timedelta(days=1)


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
        name = _plain(self.rejected_by)
        return name not in _OWN_NAMES and _OWN.match(name) is None

    @property
    def is_ours(self) -> bool:
        """Whether a bank-side incident is known."""
        return self.incident is not None and not _ELSEWHERE.search(_plain(self.incident))

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


def _plain(name: str) -> str:
    """Return a name as words: `Other_bank`, `other-bank` and `other bank` are the same."""
    return _BETWEEN_WORDS.sub(" ", name).strip().lower()


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
