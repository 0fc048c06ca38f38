"""Abuse is covered, whole and only where it stands."""

from hypothesis import given
from hypothesis import strategies as st

from services.decision.desk.masking import masked
from shared.events.tags import (
    Evidence,
    Fault,
    FaultTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)


def tags(tone: Tone, *spans: tuple[int, int]) -> Tags:
    return Tags(
        tone=ToneTag(value=tone, confidence=0.9),
        pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
        fault=FaultTag(value=Fault.UNCLEAR, confidence=0.9),
        language="en",
        evidence=tuple(
            Evidence(target="tone", value="abusive", source="list:insult", start=start, end=end)
            for start, end in spans
        ),
        model="test",
    )


texts = st.text(min_size=1, max_size=60)


@given(texts, st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=4))
def test_no_letter_of_an_abusive_passage_is_shown(text: str, spans: list[tuple[int, int]]) -> None:
    shown = masked(text, tags(Tone.ABUSIVE, *spans))
    assert len(shown) == len(text)
    fit = all(start < end <= len(text) for start, end in spans) and spans
    for place, letter in enumerate(text):
        covered = not fit or any(start <= place < end for start, end in spans)
        expected = "•" if covered and not letter.isspace() else letter
        assert shown[place] == expected


@given(texts, st.sampled_from([Tone.COURTEOUS, Tone.UPSET, Tone.RUDE]))
def test_what_is_not_abusive_is_shown_as_it_was_written(text: str, tone: Tone) -> None:
    assert masked(text, tags(tone)) == text


def test_an_abusive_passage_is_covered_whatever_the_tone_of_the_whole() -> None:
    assert masked("you idiot, thanks", tags(Tone.UPSET, (4, 9))) == "you •••••, thanks"
