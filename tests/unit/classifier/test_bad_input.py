# ruff: noqa: RUF001 - letters of other scripts are the subject here
"""Whatever is sent is answered: with sound tags, in time that grows no faster than the text."""

import time
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier import tagging
from services.classifier.tagging import Message, Tagger
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import Weights
from services.classifier.training.__main__ import MODEL
from shared.events.tags import Fault, Pressure, Tags, Tone

LONGEST = 20_000
"""Characters that intake takes."""
MEGABYTES = 5_000_000

NASTY: dict[str, Callable[[int], str]] = {
    "nothing to see": lambda n: "\u200b" * n,
    "one long word": lambda n: "a" * n,
    "words without end": lambda n: "fee " * (n // 4),
    "signs": lambda n: "!?" * (n // 2),
    "set apart": lambda n: "a " * (n // 2),
    "set apart, broken off": lambda n: "a b c dd " * (n // 9),
    "opening marks": lambda n: "<" * n,
    "tags never closed": lambda n: "<p " * (n // 3),
    "style never closed": lambda n: "<style>" * (n // 7),
    "tags and nothing else": lambda n: "</p><p>" * (n // 7),
    "entities never closed": lambda n: "</p>" + "&#1" * (n // 3),
    "quotations never closed": lambda n: '" said he ' * (n // 10),
    "opening quotations": lambda n: "„" * n,
    "stars": lambda n: "f*" * (n // 2),
    "digits": lambda n: "1" * n,
    "accents": lambda n: "e" + "\u0301" * n,
    "right to left": lambda n: "\u202eשלום " * (n // 6),
    "repeats": lambda n: "ooo" * (n // 3),
    "apostrophes": lambda n: "'" * n,
    "threats": lambda n: "kill you or else " * (n // 17),
    "comments never closed": lambda n: "</p>" + "<!--" * (n // 4),
    "quoted mails never closed": lambda n: "<blockquote>a" * (n // 13),
    "entities": lambda n: "</p>" + "&#1080;" * (n // 7),
    "letters apart by signs": lambda n: "a-b_c." * (n // 6),
    "signs for letters": lambda n: "!i|1#a$" * (n // 7),
    "letters of two scripts": lambda n: "мοrоn1 " * (n // 7),
}


@cache
def tagger() -> Tagger:
    return tagging.load()


@cache
def parts() -> tuple[Weights, Lists]:
    """Read once what does not change; a tagger of its own has met no word yet."""
    return Weights.read(MODEL), Lists.read()


def tag(text: str) -> Tags:
    return tagger().tag([Message(text)])[0]


def cpu_seconds(text: str) -> float:
    """Return the processor time of tagging once, the best of three; words are new each time."""
    best = float("inf")
    for _ in range(3):
        fresh = Tagger(*parts())
        began = time.process_time()
        fresh.tag([Message(text)])
        best = min(best, time.process_time() - began)
    return best


def is_sound(text: str, tags: Tags) -> bool:
    return all(
        proof.start is None or (proof.end is not None and 0 <= proof.start < proof.end <= len(text))
        for proof in tags.evidence
    )


@pytest.mark.parametrize("name", NASTY)
def test_the_longest_message_that_intake_takes_is_answered(name: str) -> None:
    text = NASTY[name](LONGEST)
    assert is_sound(text, tag(text))


@pytest.mark.parametrize("name", NASTY)
def test_time_grows_no_faster_than_the_text(name: str) -> None:
    """Sixteen times the text may cost 40 times the time; squared time would be 256 times."""
    small, large = 12_500, 200_000
    assert (
        cpu_seconds(NASTY[name](large))
        < 2.5 * (large / small) * cpu_seconds(NASTY[name](small)) + 0.2
    )


def test_five_megabytes_of_nothing_to_see_are_unclear_and_leave_no_trace() -> None:
    for nothing in ("\u200b", "\u2060", "\ufeff", "\u202e\u200f"):
        text = nothing * (MEGABYTES // len(nothing.encode()))
        began = time.process_time()
        tags = tag(text)
        assert time.process_time() - began < 3
        assert (tags.fault.value, tags.language, tags.flags) == (Fault.UNCLEAR, "und", ())
    assert tag("You are idiots!").tone.value is Tone.ABUSIVE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\r",
        "\x00",
        "\u200b\u200e\u202e",
        "\ufffd" * 50,
        "\x01\x02\x7f\x80" * 100,
        "\ud800",
    ],
)
def test_a_message_without_a_word_is_unclear_and_nobody_is_sure_of_it(text: str) -> None:
    tags = tag(text)
    assert (tags.tone.value, tags.pressure.value) == (Tone.COURTEOUS, Pressure.NONE)
    assert (tags.fault.value, tags.flags, tags.language) == (Fault.UNCLEAR, (), "und")
    assert tags.fault.confidence <= 0.2


def test_marks_of_direction_hide_no_insult_and_no_threat() -> None:
    text = "\u202eYou are id\u200biots\u202c, pay or I\u2066 will k\u00adill you."
    tags = tag(text)
    assert tags.tone.value is Tone.ABUSIVE
    assert tags.pressure.value is Pressure.VIOLENCE
    assert is_sound(text, tags)


def test_mail_in_html_is_read_for_its_text_alone() -> None:
    text = (
        "<html><head><style>.kill { color: red }</style></head><body>"
        '<p style="font: idiot">I paid a day late,&nbsp;sorry. You are very kind.</p></body></html>'
    )
    tags = tag(text)
    assert tags.tone.value is Tone.COURTEOUS
    assert tags.pressure.value is Pressure.NONE
    shouted = "<div><p>You are <b>idiots</b>!</p></div>"
    abusive = tag(shouted)
    assert abusive.tone.value is Tone.ABUSIVE
    cited = [shouted[p.start : p.end] for p in abusive.evidence if p.target == "tone"]
    assert any("idiots" in part for part in cited)


def test_a_bad_neighbour_changes_no_answer() -> None:
    good = [Message("You are idiots!"), Message("Прошу прощения, заплатил на день позже.")]
    alone = tagger().tag(good)
    among = tagger().tag([Message("\u200b" * 100_000), *good, Message(""), Message("<" * 20_000)])
    assert among[1:3] == alone


@settings(deadline=None, max_examples=150)
@given(
    st.text(st.characters(), max_size=400)
    | st.binary(max_size=400).map(lambda b: b.decode("latin-1"))
)
def test_any_text_is_answered_with_spans_inside_it(text: str) -> None:
    tags = tag(text)
    assert is_sound(text, tags)
    assert 0 <= tags.fault.confidence <= 1
