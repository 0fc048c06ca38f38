# ruff: noqa: RUF001 - letters that look like those of another script are the subject here
"""A word of the lists is found behind a disguise, and no other word is changed."""

import pytest

from services.classifier.tagging.lists import Lists
from services.classifier.tagging.vocabulary import LENGTH, Vocabulary
from services.classifier.tagging.words import normalise, split

KNOWN = Vocabulary(Lists.read())


def spelt(text: str) -> list[str]:
    return [KNOWN.plain[number] for number in KNOWN.numbers(text)[0]]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("моrоns", "morons"),
        ("МОRОNS", "morons"),
        ("mοrοns", "morons"),  # Greek
        ("iԁiots", "idiots"),
        ("idıots", "idiots"),
        ("дeбuлы", "дебилы"),
        ("идuоты", "идиоты"),
    ],
)
def test_look_alike_letters_of_other_scripts_hide_nothing(text: str, word: str) -> None:
    assert spelt(text) == [word]


@pytest.mark.parametrize(
    "mark", ["\u061c", "\u180e", "\ufe0d", "\u3164", "\U000e0020", "\u2065", "\U000e0101", "\uffa0"]
)
def test_what_nobody_sees_hides_nothing(mark: str) -> None:
    assert spelt(f"idi{mark}ots") == ["idiots"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("You are a m o r o n.", ["you", "are", "a", "moron", "."]),
        ("all i d i o t s", ["all", "idiots"]),
        ("a r e  i d i o t s", ["a", "r", "e", "idiots"]),
        ("(i-d-i-o-t-s)", ["(", "idiots", ")"]),
        ("i_d_i_o_t_s", ["idiots"]),
        ("i.d.i.o.t.s!", ["idiots", "!"]),
        ("i · d · i · o · t", ["idiot"]),
    ],
)
def test_letters_set_apart_by_spaces_or_signs_are_the_word(text: str, words: list[str]) -> None:
    assert spelt(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("f#cking m@rons", ["fucking", "morons"]),
        ("f_cking id!ots", ["fucking", "idiots"]),
        ("|diots, !diots", ["idiots", ",", "idiots"]),
        ("д3билы", ["дебилы"]),
        ("д€біли", ["дебіли"]),
        ("debi1ami", ["debilami"]),
        ("ki11", ["kill"]),
    ],
)
def test_digits_and_signs_for_letters_are_read_in_each_of_their_ways(
    text: str, words: list[str]
) -> None:
    assert spelt(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("f*cking m*rons", ["fucking", "morons"]),
        ("Deb*le!", ["debile", "!"]),
        ("д*билы", ["дебилы"]),
        ("с*ки", ["суки"]),
    ],
)
def test_one_letter_starred_out_hides_nothing(text: str, words: list[str]) -> None:
    assert spelt(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "It *really* costs 5*3, see fee* and a*b, rate*month; f**k stays starred.",
        "An e-mail to a.b.c.d@bank.example, ref. a-b-c-d_1, by J.R.R. Smith, U.S.A., et al.",
        "I paid 40pm, 6am, 12.50$, 100zł, €30, 14th, 24h, 3D, COVID19, #BankKills #1.",
        "Hi!How are you?Thanks!You did it. Yes!No|maybe",
        "Мой PIN-код, SMSки, iPhone'а и т.д., т.е. з 1-го по 5-е, о 18:00, А.С. Пушкин",
        "Mój PINem, SMSy, 5-tego, woj. śl., ul. Kilińskiego 1/2/3/4, p.o. J. K.",
        "skill bass class Scunthorpe 4ass a b c",
    ],
)
def test_what_is_no_disguise_stays_as_it_is(text: str) -> None:
    assert spelt(text) == [normalise(word) for word in split(text)]


def test_the_places_of_a_disguised_word_are_those_of_its_letters() -> None:
    text = "You i-d i-o-t s now"
    numbers, _ = KNOWN.numbers(text)
    assert sum(KNOWN.table[numbers, LENGTH]) == len(text.replace(" ", ""))
