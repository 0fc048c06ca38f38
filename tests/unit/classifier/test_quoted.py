# ruff: noqa: RUF001 - Cyrillic samples
"""A danger in words that the customer only quotes brings people, and is nobody's tone or threat."""

from functools import cache

import pytest

from services.classifier import tagging
from services.classifier.tagging import Message, Tagger
from shared.events.tags import Flag, Pressure, Tags, Tone

HEAD = "-----Original Message-----\nFrom: a@b.example\nTo: c@d.example\n\n"
DANGERS = [
    "Please look at this.\n> I am going to kill myself tonight",
    f"Please look at this.\n\n{HEAD}I will break your legs and kill you",
    "Посмотрите, пожалуйста.\n> я покончу с собой",
    "Подивіться, будь ласка.\n> знайду і вб'ю вас",
    "Proszę spojrzeć.\n> połamię ci nogi",
    'Could you help? My son said: "I do not want to live any more, mum"',
]


@cache
def tagger() -> Tagger:
    return tagging.load()


def tag(text: str) -> Tags:
    return tagger().tag([Message(text)])[0]


@pytest.mark.parametrize("text", DANGERS)
def test_a_quoted_danger_raises_safety_and_shows_its_word(text: str) -> None:
    tags = tag(text)
    assert Flag.SAFETY in {flag.value for flag in tags.flags}
    (proof,) = (proof for proof in tags.evidence if proof.source.startswith("list:"))
    assert (proof.target, proof.value) == ("flags", Flag.SAFETY)
    assert proof.start is not None
    assert proof.end is not None
    assert text[proof.start : proof.end].isalpha() or "'" in text[proof.start : proof.end]


@pytest.mark.parametrize("text", DANGERS)
def test_a_quoted_danger_is_never_the_customers_own_threat(text: str) -> None:
    tags = tag(text)
    assert tags.pressure.value is not Pressure.VIOLENCE
    assert tags.tone.value is not Tone.ABUSIVE


@pytest.mark.parametrize(
    "text",
    [
        "Is this how you write to people?\n> You are a stupid cow, get lost.",
        "Please see below.\n> this app is killing me, I nearly died laughing",
        "Please see below.\n> the window of your branch is broken",
    ],
)
def test_quoted_insults_and_figures_of_speech_call_no_specialist(text: str) -> None:
    assert Flag.SAFETY not in {flag.value for flag in tag(text).flags}


def test_a_danger_that_another_message_quotes_raises_nothing_here() -> None:
    tags = tagger().tag([Message(DANGERS[0]), Message("Hello, where is my card?")])
    assert [bool(each.flags) for each in tags] == [True, False]
