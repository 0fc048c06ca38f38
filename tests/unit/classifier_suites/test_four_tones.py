# ruff: noqa: RUF001 - Cyrillic samples
"""One story and its facts, told in four tones, have one fault, in every language."""

from typing import Final

import pytest

from services.classifier.tagging import Message, Tier
from tests.unit.classifier_suites.tiers import tagger

LATE: Final = {"due_at": "2026-06-30T23:59:59+02:00", "paid_at": "2026-07-01T09:00:00+02:00"}
LATE_CARD: Final = {
    "promised_by": "2026-06-05T18:00:00+02:00",
    "delivered_at": "2026-06-20T12:30:00+02:00",
}
Story = tuple[str, tuple[str, str, str, str]]
CARD, FEE, ROBBED = "promise_broken", "missed_due_date", "fraud"

STORIES: Final[dict[str, tuple[Story, ...]]] = {
    "en": (
        (CARD, (
            "Hello, the card that you promised by 5 June came on 20 June. Thank you.",
            "The card that you promised by 5 June came on 20 June!!! I am desperate!",
            "The card that you promised by 5 June came on 20 June. Bravo, geniuses, what a circus.",
            "The card that you promised by 5 June came on 20 June, you worthless bastards.",
        )),
        (FEE, (
            "I mixed up the dates and paid a day late. Please cancel the fee.",
            "I mixed up the dates and paid a day late!!! Oh God, please cancel the fee!",
            "I mixed up the dates and paid a day late. Cancel the fee, geniuses, chop chop.",
            "I mixed up the dates and paid a day late. Cancel the fee, you filthy bastards.",
        )),
        (ROBBED, (
            "Somebody stole my card and paid 300 with it in a shop. Kindly look into it.",
            "Somebody stole my card and paid 300 with it in a shop!!! I am in tears!",
            "Somebody stole my card and paid 300 with it in a shop. Wake up, you clowns.",
            "Somebody stole my card and paid 300 with it in a shop, you brainless pigs.",
        )),
    ),
    "ru": (
        (CARD, (
            "Здравствуйте, карту обещали к 5 июня, а привезли 20 июня. Спасибо.",
            "Карту обещали к 5 июня, а привезли 20 июня!!! Я в отчаянии!",
            "Карту обещали к 5 июня, а привезли 20 июня. Браво, гении, ну и цирк.",
            "Карту обещали к 5 июня, а привезли 20 июня, твари вы безмозглые.",
        )),
        (FEE, (
            "Перепутал числа и заплатил на день позже. Прошу отменить пеню.",
            "Перепутал числа и заплатил на день позже!!! Боже, отмените пеню!",
            "Перепутал числа и заплатил на день позже. Отмените пеню, гении, живо.",
            "Перепутал числа и заплатил на день позже. Отмените пеню, ублюдки.",
        )),
        (ROBBED, (
            "У меня украли карту и заплатили ею 300 в магазине. Прошу разобраться.",
            "У меня украли карту и заплатили ею 300 в магазине!!! Я в слезах!",
            "У меня украли карту и заплатили ею 300 в магазине. Проснитесь, клоуны.",
            "У меня украли карту и заплатили ею 300 в магазине, твари безмозглые.",
        )),
    ),
    "uk": (
        (CARD, (
            "Доброго дня, картку обіцяли до 5 червня, а привезли 20 червня. Дякую.",
            "Картку обіцяли до 5 червня, а привезли 20 червня!!! Я у відчаї!",
            "Картку обіцяли до 5 червня, а привезли 20 червня. Браво, генії, ну й цирк.",
            "Картку обіцяли до 5 червня, а привезли 20 червня, тварюки ви безмозкі.",
        )),
        (FEE, (
            "Переплутав числа і заплатив на день пізніше. Прошу скасувати пеню.",
            "Переплутав числа і заплатив на день пізніше!!! Боже, скасуйте пеню!",
            "Переплутав числа і заплатив на день пізніше. Скасуйте пеню, генії, хутко.",
            "Переплутав числа і заплатив на день пізніше. Скасуйте пеню, виродки.",
        )),
        (ROBBED, (
            "У мене вкрали картку і заплатили нею 300 у крамниці. Прошу розібратися.",
            "У мене вкрали картку і заплатили нею 300 у крамниці!!! Я в сльозах!",
            "У мене вкрали картку і заплатили нею 300 у крамниці. Прокиньтеся, клоуни.",
            "У мене вкрали картку і заплатили нею 300 у крамниці, тварюки безмозкі.",
        )),
    ),
    "pl": (
        (CARD, (
            "Dzień dobry, kartę obiecano do 5 czerwca, a przyszła 20 czerwca. Dziękuję.",
            "Kartę obiecano do 5 czerwca, a przyszła 20 czerwca!!! Jestem zrozpaczona!",
            "Kartę obiecano do 5 czerwca, a przyszła 20 czerwca. Brawo, geniusze, co za cyrk.",
            "Kartę obiecano do 5 czerwca, a przyszła 20 czerwca, wy tępe bydło.",
        )),
        (FEE, (
            "Pomyliłem daty i zapłaciłem dzień później. Proszę anulować odsetki.",
            "Pomyliłem daty i zapłaciłem dzień później!!! Boże, anulujcie odsetki!",
            "Pomyliłem daty i zapłaciłem dzień później. Anulujcie odsetki, geniusze, migiem.",
            "Pomyliłem daty i zapłaciłem dzień później. Anulujcie odsetki, skurwiele.",
        )),
        (ROBBED, (
            "Skradziono mi kartę i zapłacono nią 300 w sklepie. Proszę to wyjaśnić.",
            "Skradziono mi kartę i zapłacono nią 300 w sklepie!!! Jestem we łzach!",
            "Skradziono mi kartę i zapłacono nią 300 w sklepie. Obudźcie się, pajace.",
            "Skradziono mi kartę i zapłacono nią 300 w sklepie, wy tępe bydło.",
        )),
    ),
}  # fmt: skip
FACTS: Final[dict[str, dict[str, object]]] = {"none": {}, "card": {**LATE_CARD}, "fee": {**LATE}}


def faults(story: Story, facts: str, tier: Tier) -> list[str]:
    category, texts = story
    messages = [Message(text, FACTS[facts], category) for text in texts]
    return [tags.fault.value for tags in tagger(tier).tag(messages)]


@pytest.mark.parametrize("facts", FACTS)
@pytest.mark.parametrize("story", range(3))
@pytest.mark.parametrize("language", STORIES)
def test_four_tones_of_one_story_have_one_fault(language: str, story: int, facts: str) -> None:
    found = faults(STORIES[language][story], facts, "fast")
    assert len(set(found)) == 1, found


@pytest.mark.parametrize("tier", ["cascade", "deep"])
@pytest.mark.parametrize(("language", "story"), [("en", 2), ("ru", 1), ("uk", 0), ("pl", 2)])
def test_the_language_model_gives_four_tones_one_fault(
    language: str, story: int, tier: Tier
) -> None:
    found = faults(STORIES[language][story], "none", tier)
    assert len(set(found)) == 1, found


@pytest.mark.parametrize("language", STORIES)
def test_four_tones_are_told_apart(language: str) -> None:
    """Else one fault would prove nothing."""
    told = [text for _, texts in STORIES[language] for text in texts]
    right = [tone for _ in STORIES[language] for tone in ("courteous", "upset", "rude", "abusive")]
    said = [tags.tone.value for tags in tagger("fast").tag([Message(text) for text in told])]
    assert sum(map(str.__eq__, said, right)) >= 10, said
