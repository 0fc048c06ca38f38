"""A tagged message on the screen: every reason marked where it stands, with colour and without."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from evenhand import summary
from evenhand.explain import explained
from evenhand.output import is_coloured
from services.classifier import tagging
from services.classifier.tagging import Message
from shared.events.tags import (
    Evidence,
    Fault,
    FaultTag,
    Flag,
    FlagTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)

TEXT = "You idiots, pay or I will kill you, my lawyer writes."


def tags(*proofs: tuple[str, str, str]) -> Tags:
    return Tags(
        tone=ToneTag(value=Tone.ABUSIVE, confidence=0.9),
        pressure=PressureTag(value=Pressure.VIOLENCE, confidence=0.8),
        fault=FaultTag(value=Fault.COMPANY, confidence=0.7),
        flags=(FlagTag(value=Flag.LEGAL, confidence=0.6),),
        language="en",
        evidence=tuple(
            Evidence.model_validate(
                {
                    "target": target,
                    "value": value,
                    "source": "list:x",
                    "start": TEXT.index(words),
                    "end": TEXT.index(words) + len(words),
                }
            )
            for target, value, words in proofs
        ),
        model="m",
    )


ALL = tags(
    ("tone", "abusive", "You idiots"),
    ("pressure", "violence", "pay or I will kill you"),
    ("fault", "company", "kill"),
    ("flags", "legal", "my lawyer writes"),
)


def shown(of: Tags, text: str = TEXT, *, colour: bool) -> str:
    out = io.StringIO()
    screen = Console(file=out, force_terminal=colour, no_color=not colour, width=200)
    screen.print(explained(text, of, colour=is_coloured(screen)))
    return out.getvalue()


def test_without_colour_brackets_name_what_each_span_shows() -> None:
    assert (
        "[tone: You idiots], [pressure: pay or I will [fault: kill] you], "
        "[flags: my lawyer writes]."
    ) in shown(ALL, colour=False)
    assert "\x1b" not in shown(ALL, colour=False)


def test_spans_that_cross_are_shown_in_parts_so_that_each_bracket_closes_its_own() -> None:
    crossing = tags(
        ("tone", "abusive", "You idiots, pay"),
        ("fault", "company", "idiots, pay or I"),
        ("pressure", "violence", "idiots"),
    )
    assert ("[tone: You [fault: [pressure: idiots], pay]][fault:  or I] will kill") in shown(
        crossing, colour=False
    )


def test_with_colour_the_spans_are_coloured_in_the_message_itself() -> None:
    first = shown(ALL, colour=True).splitlines()[0]
    assert "\x1b[1;35mYou idiots\x1b[0m" in first
    assert "\x1b[1;33mpay or I will \x1b[0m" in first
    assert "\x1b[1;36mkill\x1b[0m" in first
    assert "\x1b[1;31mmy lawyer writes\x1b[0m" in first
    assert "[tone:" not in first


def test_whoever_wants_no_colour_sees_brackets_on_a_terminal_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_coloured(Console(file=io.StringIO(), force_terminal=True))


def test_every_tag_that_is_not_the_default_has_its_words_and_its_source() -> None:
    text = "You are idiots! Pay me or I will break your clerk's legs. My lawyer has filed a claim."
    told = tagging.load().tag([Message(text)])[0]
    out = shown(told, text, colour=False)
    for target, value in (("tone", "abusive"), ("pressure", "violence")):
        assert f"[{target}: " in out
        assert value in out
    assert out.count("(list:") + out.count("(model:") >= 2
    for flag in told.flags:
        assert f"{flag.value}" in out
    assert "[flags: " in out


def test_what_a_customer_wrote_cannot_steer_the_screen() -> None:
    text = "\x1b[2J\x1b]0;owned\x07 You idiots \u202eevil\r\x9b2J"
    out = shown(tagging.load().tag([Message(text)])[0], text, colour=False)
    for sign in ("\x1b", "\x07", "\r", "\u202e", "\x9b"):
        assert sign not in out
    assert "You idiots" in out


def test_a_demo_shows_of_each_language_what_shows_most_and_no_abuse() -> None:
    texts = [
        "I forgot to pay, I am so angry at myself!!! I will go to the Ombudsman.",
        "Hello.",
        "You are idiots! I will kill you.",
        "Zapomniałam zapłacić, to moja wina. Pójdę do Rzecznika Finansowego.",
    ]
    tagged = tagging.load().tag([Message(text) for text in texts])
    cases = [
        {"tags": tags.model_dump(mode="json"), "messages": [{"text": text}]}
        for text, tags in zip(texts, tagged, strict=True)
    ]
    out = io.StringIO()
    screen = Console(file=out, no_color=True, width=200)
    screen.print(summary.evidence([*cases, {"tags": None}], colour=False))
    told = out.getvalue()
    assert "Ombudsman" in told
    assert "Rzecznika" in told
    assert "[pressure: " in told
    assert "Hello" not in told
    assert "idiots" not in told


@given(st.text(max_size=200))
def test_the_words_of_the_message_stay_in_their_order(text: str) -> None:
    plain = shown(ALL.model_copy(update={"evidence": ()}), text.replace("\n", " "), colour=False)
    for word in text.split():
        if word.isascii() and word.isprintable() and len(word) < 100:
            assert word in plain


def test_a_message_that_was_not_read_is_shown_as_one_for_a_person() -> None:
    text = "Wo ist mein Geld? Ich warte schon so lange."
    (unread,) = tagging.load().tag([Message(text)])
    assert "not read: for a person (rule:language_not_read)" in shown(unread, text, colour=False)
