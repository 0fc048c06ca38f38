"""Training cases put together from short written pieces, so that few lines teach many mixtures.

A piece says one thing: a manner, a consequence, a circumstance, or who erred. What a case teaches
is what its pieces say; where pieces would blur a label, the case does not teach that target. Pieces
are dealt into folds and mixed within a fold only, so folds share no wording.
"""

import random
import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from services.classifier.training.corpus import Case, Gold
from services.classifier.training.pieces import FOLDS, Body, Pieces, read_pieces
from shared.events.tags import Fault, Flag, Pressure, Tone

Value = TypeVar("Value")

LANGUAGES: Final = ("en", "pl", "ru", "uk")
PER_LANGUAGE: Final = 1000
AUTHOR: Final = "pieces"

Known = dict[str, object]

_FACTS: Final[dict[str, Known]] = {
    "terms+": {"terms_accepted": True},
    "terms-": {"terms_accepted": False},
    "auth+": {"authorised": True},
    "auth-": {"authorised": False},
    "inc": {"incident": "INC-2041"},
    "prom": {"promised_by": "2026-05-10T18:00:00+02:00"},
}
_DUE: Final = "2026-05-10T23:59:59+02:00"
_LATE: Final[Known] = {"due_at": _DUE, "paid_at": "2026-05-14T09:00:00+02:00"}
_IN_TIME: Final[Known] = {"due_at": _DUE, "paid_at": "2026-05-08T09:00:00+02:00"}
_OPEN: Final[Known] = {"promised_by": "2026-05-10T18:00:00+02:00"}
_KEPT: Final[Known] = _OPEN | {"delivered_at": "2026-05-08T12:00:00+02:00"}
_BROKEN: Final[Known] = _OPEN | {"delivered_at": "2026-05-19T12:00:00+02:00"}
_LONG_OVER: Final[Known] = {"incident": "app outage 2026-01-03 02:00-03:10"}
_ELSEWHERE: Final[Known] = {"rejected_by": "recipient_bank"}
_SHOP: Final[Known] = {"rejected_by": "merchant"}
_AROUND: Final[dict[tuple[str, Fault], tuple[Known, ...]]] = {
    ("missed_due_date", Fault.CUSTOMER): (_LATE, _LATE, _LATE, _LATE | _LONG_OVER),
    ("missed_due_date", Fault.COMPANY): (_IN_TIME,),
    ("missed_due_date", Fault.THIRD_PARTY): (_LATE | {"rejected_by": "sender_bank"}, _LONG_OVER),
    ("fee_dispute", Fault.CUSTOMER): (_FACTS["terms+"],),
    ("fee_dispute", Fault.COMPANY): (_FACTS["terms-"], _FACTS["terms+"], _FACTS["inc"]),
    ("fee_dispute", Fault.THIRD_PARTY): (_FACTS["terms+"], _FACTS["auth+"]),
    ("payment_failed", Fault.CUSTOMER): (_ELSEWHERE, _SHOP, _LONG_OVER),
    ("payment_failed", Fault.COMPANY): (_FACTS["inc"], {"rejected_by": "bank"}),
    ("payment_failed", Fault.THIRD_PARTY): (_ELSEWHERE, _SHOP),
    ("wrong_transfer", Fault.CUSTOMER): (_FACTS["auth+"], _ELSEWHERE),
    ("wrong_transfer", Fault.COMPANY): (_FACTS["inc"],),
    ("wrong_transfer", Fault.THIRD_PARTY): (_FACTS["auth+"],),
    ("promise_broken", Fault.COMPANY): (_OPEN, _BROKEN),
    ("promise_broken", Fault.CUSTOMER): (_OPEN, _KEPT),
    ("promise_broken", Fault.THIRD_PARTY): (_OPEN,),
    ("promise_broken", Fault.UNCLEAR): (_KEPT,),
    ("service_delay", Fault.COMPANY): (_OPEN, _BROKEN),
    ("service_delay", Fault.CUSTOMER): (_OPEN,),
    ("service_delay", Fault.THIRD_PARTY): (_OPEN,),
    ("card_problem", Fault.COMPANY): (_BROKEN, _FACTS["inc"]),
    ("card_problem", Fault.CUSTOMER): (_OPEN, _LONG_OVER),
    ("card_problem", Fault.THIRD_PARTY): (_OPEN, _FACTS["auth-"]),
    ("app_outage", Fault.COMPANY): (_FACTS["inc"],),
    ("app_outage", Fault.CUSTOMER): (_LONG_OVER,),
    ("app_outage", Fault.THIRD_PARTY): (_LONG_OVER,),
    ("booking_change", Fault.CUSTOMER): (_FACTS["terms+"],),
    ("booking_change", Fault.COMPANY): (_FACTS["terms+"],),
    ("booking_change", Fault.THIRD_PARTY): (_FACTS["terms+"],),
    ("fraud", Fault.SHARED): (_FACTS["auth+"], _FACTS["auth-"]),
    ("fraud", Fault.THIRD_PARTY): (_FACTS["auth+"], _FACTS["auth-"]),
    ("terms_change", Fault.CUSTOMER): (_FACTS["terms+"],),
    ("terms_change", Fault.COMPANY): (_FACTS["terms-"], _FACTS["terms+"]),
}
"""What the bank may know in a case of this category and fault, whether it settles it or not."""
_TONES: Final = {Tone.COURTEOUS: 30, Tone.UPSET: 27, Tone.RUDE: 24, Tone.ABUSIVE: 19}
_PRESSURES: Final = {
    Pressure.NONE: 44,
    Pressure.RECOURSE: 17,
    Pressure.LEVERAGE: 21,
    Pressure.VIOLENCE: 18,
}
_MAY_BE_FLAGGED: Final = frozenset({"", "fraud", "staff_conduct", "other"})
"""Stories of these categories may themselves tell of a danger or an action filed."""
_FLAGGED: Final = (Flag.VULNERABLE, Flag.SAFETY, Flag.LEGAL, Flag.STAFF_CONDUCT)


def composed() -> list[Case]:
    """Return all composed cases, the same on every call."""
    return [case for language in LANGUAGES for case in _of_language(language)]


def _of_language(language: str) -> Iterator[Case]:
    pieces = read_pieces(language)
    for fold in range(FOLDS):
        chosen = random.Random(f"{language}{fold}")  # noqa: S311 - a fixed mixture, no secret
        part = pieces.fold(fold)
        for number in range(PER_LANGUAGE // FOLDS):
            yield _mix(language, fold, number, part, chosen)
        yield from _alone(language, fold, part)


def _weighed(chosen: random.Random, weights: Mapping[Value, int]) -> Value:
    return chosen.choices(list(weights), list(weights.values()))[0]


def _mix(language: str, fold: int, number: int, part: Pieces, chosen: random.Random) -> Case:
    body = chosen.choice(part.bodies)
    tone, pressure = _weighed(chosen, _TONES), _weighed(chosen, _PRESSURES)
    teaches = {"tone", "pressure", "fault", *Flag}
    flags = {Flag.FRAUD} if body.category == "fraud" else set()
    if body.category == "staff_conduct":
        flags.add(Flag.STAFF_CONDUCT)
    if not body.category:
        teaches.discard(Flag.FRAUD)
    aside = ""
    flag = chosen.choice(_FLAGGED)
    if chosen.random() < 0.4:  # noqa: PLR2004 - the share of cases with a circumstance
        meant = chosen.random() < 0.6 or f"flag {flag}-not" not in part.said  # noqa: PLR2004 - of these, real
        aside = chosen.choice(part.said[f"flag {flag}" + ("" if meant else "-not")])
        if meant:
            flags.add(flag)
            teaches -= _blurred(flag, tone)
            if flag is Flag.LEGAL and pressure is Pressure.NONE:
                teaches.discard("pressure")
    consequence = ""
    if pressure is not Pressure.NONE or chosen.random() < 0.5:  # noqa: PLR2004 - harmless look-alikes
        consequence = chosen.choice(part.said[f"pressure {pressure}"])
    if pressure is Pressure.VIOLENCE and not consequence.startswith("~ "):
        flags.add(Flag.SAFETY)
    text = _text(body, part, chosen.choice(part.said[f"tone {tone}"]), aside, consequence, chosen)
    return Case(
        id=f"P-{language}-{fold}-{number:03}",
        group=f"P-{language}-{fold}",
        author=AUTHOR,
        lang=language,
        category=body.category or "other",
        text=_written(text, language, chosen),
        facts=_facts(body, chosen),
        claim={"amount": "10", "currency": "EUR"} if chosen.random() < 0.4 else None,  # noqa: PLR2004 - as in life
        gold=Gold(tone=tone, pressure=pressure, fault=body.fault, flags=frozenset(flags)),
        teaches=frozenset(teaches),
    )


def _blurred(flag: Flag, tone: Tone) -> set[str]:
    """Return what a circumstance makes doubtful: distress is heard in the manner, too."""
    blurred: set[str] = set()
    if flag is Flag.SAFETY:
        blurred.add(Flag.VULNERABLE)
    if flag is Flag.STAFF_CONDUCT:
        blurred.add("fault")
    if flag in {Flag.SAFETY, Flag.VULNERABLE} and tone is Tone.COURTEOUS:
        blurred.add("tone")
    return blurred


def _facts(body: Body, chosen: random.Random) -> dict[str, object]:
    """Choose facts that fit the story: those that settle it, and those that only surround it."""
    if body.facts:
        return dict(_FACTS[body.facts])
    if chosen.random() < 0.45:  # noqa: PLR2004 - often the bank knows nothing
        return {}
    fitting = _AROUND.get((body.category, body.fault), ())
    return dict(chosen.choice(fitting)) if fitting else {}


def _text(  # noqa: PLR0913, PLR0917 - the pieces of one text
    body: Body,
    part: Pieces,
    manner: str,
    aside: str,
    consequence: str,
    chosen: random.Random,
) -> str:
    story = body.text
    if body.category in part.intros and chosen.random() < 0.7:  # noqa: PLR2004 - most have one
        story = f"{chosen.choice(part.intros[body.category])} {story}"
    middle = [story, aside] if chosen.random() < 0.5 else [aside, story]  # noqa: PLR2004 - either
    rest = [*middle, manner] if chosen.random() < 0.6 else [manner, *middle]  # noqa: PLR2004 - either
    place = len(rest) if chosen.random() < 0.8 else chosen.randrange(len(rest))  # noqa: PLR2004 - mostly last
    rest.insert(place, consequence.removeprefix("~ "))
    return " ".join(piece for piece in rest if piece)


def _written(text: str, language: str, chosen: random.Random) -> str:
    """Write a text as people in a hurry do: one in four without capitals and stops."""
    if chosen.random() < 0.25:  # noqa: PLR2004 - one in four
        text = re.sub(r"[.,:;„”«»\"]", "", text).lower()
        if language == "pl":
            text = text.translate(str.maketrans("ąćęłńóśźż", "acelnoszz"))
    return text


def _told(section: str, line: str) -> tuple[str, Gold, set[str], str]:
    """Return the text of a piece, its labels, which of them it teaches, and its category."""
    kind, _, value = section.partition(" ")
    if kind == "tone":
        return line, _gold(tone=Tone(value)), {"tone", "pressure", "fault"}, "other"
    if kind == "pair":
        manner, _, held = value.partition(" ")
        gold = _gold(tone=Tone(manner), pressure=Pressure(held))
        return line, gold, {"tone", "pressure"}, "other"
    if kind == "pressure":
        harms = value == Pressure.VIOLENCE and not line.startswith("~ ")
        dangers = frozenset({Flag.SAFETY}) if harms else frozenset()
        gold = _gold(pressure=Pressure(value), flags=dangers)
        taught = {"pressure", "fault", Flag.SAFETY}
        taught |= {"tone"} if value == Pressure.NONE else {Flag.LEGAL}
        return line.removeprefix("~ "), gold, taught, "other"
    flag = Flag(value.removesuffix("-not"))
    flags = frozenset() if value.endswith("-not") else frozenset({flag})
    return line, _gold(flags=flags), {flag}, "other"


def _alone(language: str, fold: int, part: Pieces) -> Iterator[Case]:
    """Give each piece as a case by itself: short messages are messages, too.

    A manner or a consequence alone has no checkable content, so who erred is unclear.
    """
    told = [_told(section, line) for section, lines in part.said.items() for line in lines]
    for body in part.bodies:
        gold = _gold(fault=body.fault)
        taught = {"tone", "pressure", "fault"}
        if body.category not in _MAY_BE_FLAGGED:
            taught |= {Flag.SAFETY, Flag.LEGAL}
        told.append((body.text, gold, taught, body.category or "other"))
    for number, (text, gold, teaches, category) in enumerate(told):
        yield Case(
            id=f"A-{language}-{fold}-{number:03}",
            group=f"P-{language}-{fold}",
            author=AUTHOR,
            lang=language,
            category=category,
            text=text,
            gold=gold,
            teaches=frozenset(teaches),
        )


def _gold(
    tone: Tone = Tone.COURTEOUS,
    pressure: Pressure = Pressure.NONE,
    fault: Fault = Fault.UNCLEAR,
    flags: frozenset[Flag] = frozenset(),
) -> Gold:
    return Gold(tone=tone, pressure=pressure, fault=fault, flags=flags)
