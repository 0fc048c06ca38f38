# ruff: noqa: RUF001 - Cyrillic samples
"""Somebody else's words weigh nothing in a message, however many they are."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier import tagging
from services.classifier.tagging import Message, Tagger
from services.classifier.tagging.evidence import Chosen, Column, Witness
from services.classifier.tagging.features import Words, encode
from services.classifier.tagging.hashing import BUCKETS
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.own import own
from services.classifier.tagging.scores import Summed
from services.classifier.tagging.vocabulary import Vocabulary
from services.classifier.tagging.weights import FAULT, STYLE, columns
from shared.events.tags import Pressure, Tone

OWN = (
    "Thank you, noted.",
    "You idiots! Where is my card?",
    "Где мои деньги? Верните, пожалуйста.",
    "Dziękuję, rozumiem. Proszę o telefon.",
    "Gde moi dengi, pozhaluysta otvette, ya zhdu uzhe nedelyu",
)
LINES = st.sampled_from(
    [
        "Dear Ms Nowak,",
        "thank you for your message. We have received it and will answer within three days.",
        "You are idiots and I will burn your branch down!",
        "Вы обманщики, я пойду в суд",
        "ty zhe ponimaesh chto eto nevozmozhno",
        "Jesteście złodziejami",
        "",
    ]
)


@cache
def tagger() -> Tagger:
    return tagging.load()


@cache
def known() -> Vocabulary:
    return Vocabulary(Lists.read())


def full(text: str) -> Words:
    return encode([text], known())[0]


def spelt(text: str) -> list[str]:
    return [known().plain[number] for number in full(text).word[1:]]


@given(st.sampled_from(OWN), st.lists(LINES, min_size=1, max_size=12))
def test_a_quoted_mail_leaves_what_is_read_for_manner_as_it_is(
    text: str, quoted: list[str]
) -> None:
    head = "\n\nOn Mon, 5 Oct 2026 at 10:00, Bank <a@b.example> wrote:\n"
    alone, beside = full(text), full(text + head + "\n".join(f"> {line}" for line in quoted))
    for column in ("word", "group", "left", "left_group", "begin", "end"):
        assert (getattr(alone, column) == getattr(beside, column)).all()


@given(st.sampled_from(OWN), st.lists(LINES.filter(bool), min_size=1, max_size=12))
def test_a_quoted_mail_changes_neither_tone_nor_pressure_nor_language(
    text: str, quoted: list[str]
) -> None:
    mail = text + "\n" + "\n".join(f"> {line}" for line in quoted)
    alone, beside = tagger().tag([Message(text), Message(mail)])
    assert (beside.tone, beside.pressure) == (alone.tone, alone.pressure)
    assert beside.language == alone.language


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('he said: "wait a day please"', ["he", "said", ":", '"', "<>", '"']),
        (
            'he said: "wait, you idiot, it takes ten days"',
            ["he", "said", ":", '"', "<!>", '"'],
        ),
        ("he said that I was an idiot.", ["he", "said", "that", "i", "was", "<!>", "."]),
        ("he said that I was too late.", ["he", "said", "that", "i", "was", "too", "late", "."]),
    ],
)
def test_reported_words_are_one_mark_however_many(text: str, read: list[str]) -> None:
    assert spelt(text) == read


def test_a_message_all_in_quotation_marks_is_the_customers() -> None:
    assert "<" not in "".join(spelt('"I want my money back, and now"'))
    assert own('"I want my money back, and now"') == '"I want my money back, and now"'


def test_a_mark_of_reported_words_says_nothing_of_the_language() -> None:
    words = full('Kasjer powiedział: "you idiot, go away"')
    table = np.ones((BUCKETS, FAULT.stop), np.int16)
    rows = Summed(table, known()).per_word(words, STYLE)
    mark = np.flatnonzero(known().is_told(words.word))
    bare = rows[mark] - 2  # its neighbour's row
    assert mark.size == 1
    assert not bare[:, columns("language")].any()
    assert bare[:, columns("tone")].all()


@pytest.mark.parametrize(
    "text",
    [
        'You lost it, said "you stupid cow, go away" and now it is gone',
        "Please answer.\n> we owe you nothing, idiot\nYou thieves!",
        'x "ab cd" y he said "hag" z',
    ],
)
def test_evidence_never_holds_words_of_somebody_else(text: str) -> None:
    words = full(text)
    rows = np.ones((len(words.word), 1), np.int64)
    witness = Witness(known())
    column = Column(words, rows, np.array([1.0]))
    only = np.array([0])
    witness.hear("tone", [Tone.RUDE], column, Chosen(only, only, np.array([False])), over=-1)
    (proof,) = witness.evidence(1)[0]
    mine = own(text)
    assert "\0" in mine
    assert "\0" not in mine[proof.start : proof.end]


@pytest.mark.parametrize(
    "text",
    [
        "Thank you, noted.\n\nOn Mon, 5 Oct 2026 at 10:00, Bank wrote:\n> Dear Ms Nowak,\n> hi.",
        "Please tell me the fee.\n\n-- \nJan Kowalski\nAdvocate, Court of Arbitration\n",
        "Anna (advisor): You are an idiot, go away.\nCustomer: Please stop. I only asked a fee.",
        "Anna Nowak, konsultant: Jest pan debilem.\nKlient: Proszę o wyjaśnienie opłaty.",
        "Your clerk said 'you are a stupid fucking idiot, get lost' to me.",
        "Сотрудник сказал мне, что я тупой идиот и дебил.",
        "Касир сказав, що я дебіл і свиня.",
        "He said I was a worthless idiot and a cow.",
        "Kasjerka powiedziała, że jestem debilem i idiotą.",
        pytest.param(
            'Your clerk told me: "You are a stupid idiot and a thief".',
            marks=pytest.mark.xfail(reason="the fast tier calls it rude (.62)", strict=False),
        ),
    ],
)
def test_whoever_is_insulted_or_quotes_neither_insults_nor_threatens(text: str) -> None:
    (tags,) = tagger().tag([Message(text)])
    assert tags.tone.value not in {Tone.RUDE, Tone.ABUSIVE}
    assert tags.pressure.value is Pressure.NONE


def test_a_threat_retold_as_the_customers_own_counts() -> None:
    (tags,) = tagger().tag([Message("I told your clerk that I am going to burn your branch down.")])
    assert tags.pressure.value is Pressure.VIOLENCE
