# ruff: noqa: RUF001 - Cyrillic samples
"""Who says in so many words that they will hurt somebody at the bank threatens, whatever else."""

import pytest

from services.classifier.tagging.features import encode
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.threats import Threats
from services.classifier.tagging.vocabulary import Vocabulary

KNOWN = Vocabulary(Lists.read())
THREATS = Threats.read(KNOWN)


def threatens(*texts: str) -> list[int]:
    found: list[int] = THREATS.made(encode(texts, KNOWN)[0]).tolist()
    return found


@pytest.mark.parametrize(
    "text",
    [
        "I will come to your branch and break the cashier's legs.",
        "I'll kill your manager.",
        "I am going to stab you.",
        "My brother and I will beat your cashier with a bat.",
        "You will not get home. I will break your jaw.",
        "Приду и сломаю вашей кассирше ноги.",
        "Я вас всех убью.",
        "Ноги тебе переломаю.",
        "Прийду і зламаю вашій касирці ноги.",
        "Я вб'ю вашого менеджера.",
        "Przyjdę do oddziału i połamię kasjerce nogi.",
        "Zabiję waszego kierownika.",
    ],
)
def test_own_future_harm_beside_a_body_or_staff_is_a_threat(text: str) -> None:
    assert threatens(text) == [0]


@pytest.mark.parametrize(
    "text",
    [
        "I will not break your legs.",
        "I would never hurt your staff.",
        "Я не убью вас.",
        "Nie zabiję waszego kierownika.",
        "Will you break my legs?",
        "Why would I break your jaw?",
        "Do you think I will break your jaw?",
        "Думаете, я сломаю вашей кассирше ноги?",
        'He said: "I will kill you".',
        "He said that he will kill you.",
        "Hello.\n> I will kill you\nWho wrote that?",
        "I will break that scammer's neck.",
        "I will kill your business with reviews.",
        "I will hurt your reputation.",
        "I'll beat your rates.",
        "I will break my neck to pay you.",
        "Голову сломаю, пока вашу форму заполню.",
        "Połamię sobie nogi w waszym oddziale.",
        "Я вас убью, шучу, конечно.",
        "I broke my leg in your branch.",
        "I will visit your branch tomorrow with my documents.",
    ],
)
def test_what_is_denied_asked_told_joked_or_meant_otherwise_is_none(text: str) -> None:
    assert threatens(text) == []


def test_each_message_is_looked_at_alone() -> None:
    assert threatens("I will", "kill you", "I will kill you.", "Hello") == [2]
