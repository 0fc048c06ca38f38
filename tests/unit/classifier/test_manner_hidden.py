# ruff: noqa: RUF001 - Cyrillic words are what these messages say
"""No entry of the manner lists reaches what fault sees, be it one word or several."""

from importlib import resources

import pytest

from services.classifier.tagging.features import encode
from services.classifier.tagging.lists import MANNER, Lists
from services.classifier.tagging.matter import matters
from services.classifier.tagging.vocabulary import Vocabulary
from shared.yaml_file import parsed

KNOWN = Vocabulary(Lists.read())
CLAIMS = {
    "en": [
        "You charged my card twice on Monday, I have the receipt and nobody answered.",
        "My transfer was sent back by the shop, I did not know that it would be so",
    ],
    "ru": [
        "С меня списали комиссию дважды третьего октября, хотя в договоре её нет.",
        "Я забыл про платёж и оплатил на день позже, верните мне пени",
    ],
    "uk": [
        "З мене списали комісію двічі третього жовтня, хоча в договорі її нема.",
        "Я забула про платіж і сплатила на день пізніше, поверніть мені пеню",
    ],
    "pl": [
        "Pobraliście opłatę 3 października, choć umowa mówi, że jest darmowa.",
        "Zapomniałem o terminie i zapłaciłem dzień później, oddajcie mi odsetki",
    ],
}


def seen(texts: list[str]) -> list[str]:
    """Return the matter of each text, having checked that the words fault sees say the same."""
    _, visible = encode(texts, KNOWN)
    found = [matter.text for matter in matters(texts, visible)]
    for text, start, end in zip(found, visible.starts, visible.ends, strict=True):
        assert len(text.split()) == end - start - 1
    return found


def entries() -> list[tuple[str, str]]:
    """Return every entry of the manner lists and its language."""
    folder = resources.files("services.classifier.tagging") / "lists"
    return [
        (language, " ".join(entry.replace("*", "").split()))
        for name in ("tone", "pressure")
        for concept, languages in parsed((folder / f"{name}.yaml").read_text("utf-8")).items()
        if concept in MANNER
        for language, listed in languages.items()
        for entry in listed.split(",")
    ]


@pytest.mark.parametrize("between", [". ", ", ", "\n"])
def test_what_fault_sees_is_the_same_with_any_entry_of_the_manner_lists(between: str) -> None:
    lines = [
        (line, claim)
        for language, entry in entries()
        for claim in CLAIMS[language]
        for line in (f"{entry}{between}{claim}", f"{claim}{between}{entry}")
    ]
    claims = [claim for listed in CLAIMS.values() for claim in listed]
    expected = dict(zip(claims, seen(claims), strict=True))
    found = seen([line for line, _ in lines])
    differing = [
        line for (line, claim), text in zip(lines, found, strict=True) if text != expected[claim]
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Dzień dobry! Pobraliście opłatę.", "pobraliście opłatę"),
        ("Good morning, could you check the fee", "check the fee"),
        ("The fee is wrong. I will close my account.", "the fee is wrong i will account"),
        ("The fee is wrong, or I move everything!", "the fee is wrong or i"),
        ("Верните комиссию, или уйду в другой банк", "верните комиссию или"),
        ("Комісія хибна. Будь ласка, перевірте", "комісія хибна перевірте"),
    ],
)
def test_greetings_and_threats_of_several_words_are_hidden(text: str, left: str) -> None:
    assert seen([text]) == [left]


def test_words_of_a_phrase_that_stand_alone_are_seen() -> None:
    assert seen(["The card worked in the morning."]) == ["the card worked in the morning"]


@pytest.mark.parametrize("between", [" ", "!!! ", ", please, ", "\n", " Idiots! "])
def test_signs_and_words_of_manner_inside_a_phrase_change_nothing(between: str) -> None:
    assert seen([f"Good{between}morning, could{between}you check it"]) == ["check it"]


def test_a_phrase_does_not_hide_words_with_others_between() -> None:
    text = "could the app not tell you"
    assert seen([text]) == [text]


def test_a_phrase_in_quoted_words_is_hidden_like_any() -> None:
    said = 'The clerk said "good morning, we keep the whole fee".'
    assert seen([said]) == ["the clerk said we keep the whole fee"]
