"""Fills reasons with the dates, sums and counts that decided. Pure.

Invariant: a reason names figures only where all of them are known and fit what it says; else its
plain sentence stands.
"""

from collections.abc import Callable, Mapping
from typing import Final

from services.notifier.domain import FinalAnswer, Language
from services.notifier.messages import wording
from services.notifier.messages.answer_texts import FinalAnswerTexts
from services.notifier.messages.codes import REASONS
from shared.events.catalogue import Particulars

_NONE: Final = Particulars()


def reason(
    code: str, content: FinalAnswer, texts: FinalAnswerTexts, language: Language, place: str
) -> str:
    """Say one reason, as fully as what is known allows."""
    known = content.particulars or _NONE
    words = texts.reasons[code]
    for variant, names in REASONS[code].items():
        if _FITS[variant](known, content):
            values = _values(known, names, texts, language, place)
            if names <= values.keys():
                return words[variant].format(**values)
    return words["plain"]


def records(
    known: Particulars | None, texts: FinalAnswerTexts, language: Language, place: str
) -> tuple[str, ...]:
    """Say what the bank's records show, a line each."""
    found = known or _NONE
    lines = (
        (texts.records.due, found.due_at),
        (texts.records.paid, found.paid_at),
        (texts.records.promised, found.promised_by),
        (texts.records.delivered, found.delivered_at),
    )
    return tuple(
        line.format(date=wording.day(at, language, place)) for line, at in lines if at is not None
    )


def _in_time(known: Particulars, _: FinalAnswer) -> bool:
    return known.due_at is not None and known.paid_at is not None and known.paid_at <= known.due_at


def _too_late(known: Particulars, _: FinalAnswer) -> bool:
    return bool(known.days_late)


def _delivered_late(known: Particulars, _: FinalAnswer) -> bool:
    promised, delivered = known.promised_by, known.delivered_at
    return promised is not None and delivered is not None and delivered > promised


def _never_delivered(known: Particulars, _: FinalAnswer) -> bool:
    return known.promised_by is not None and known.delivered_at is None


def _always(_: Particulars, __: FinalAnswer) -> bool:
    return True


def _refused(_: Particulars, content: FinalAnswer) -> bool:
    return content.disposition in wording.REFUSALS


_FITS: Final[Mapping[str, Callable[[Particulars, FinalAnswer], bool]]] = {
    "paid_in_time": _in_time,
    "late": _too_late,
    "delivered": _delivered_late,
    "passed": _never_delivered,
    "window": _always,
    "times": _always,
    "claimed": _always,
    "refused": _refused,
}


def _values(
    known: Particulars,
    names: frozenset[str],
    texts: FinalAnswerTexts,
    language: Language,
    place: str,
) -> dict[str, str]:
    """Write the figures of these names that are known."""
    dates = {
        "due": known.due_at,
        "paid": known.paid_at,
        "promised": known.promised_by,
        "delivered": known.delivered_at,
    }
    moments = {"began": known.incident_from, "ended": known.incident_to}
    counts = {
        "late": (known.days_late, texts.counts.days),
        "forgiven": (known.days_forgiven, texts.counts.forgiven),
        "exceptions": (known.exceptions, texts.counts.exceptions),
    }
    values = {n: wording.day(at, language, place) for n, at in dates.items() if n in names and at}
    for name, at in moments.items():
        if name in names and at is not None:
            values[name] = wording.moment(at, language, place)
    for name, (number, forms) in counts.items():
        if name in names and number:
            values[name] = wording.count(number, forms, language)
    if "claimed" in names and known.claimed is not None:
        values["claimed"] = wording.amount(known.claimed, language)
    return values
