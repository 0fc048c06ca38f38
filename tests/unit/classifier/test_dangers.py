# ruff: noqa: RUF001 - Cyrillic samples
"""A danger brings a specialist, in every language; a figure of speech and facts never do."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier import tagging
from services.classifier.tagging import Message, Tagger
from shared.events.tags import Flag, FlagTag, Pressure, Tags

LATE = {"due_at": "2026-06-30T23:59:59+02:00", "paid_at": "2026-07-01T09:00:00+02:00"}
TEXTS = (
    "Hello, I forgot the payment, could you please waive the fee? Thank you.",
    "Где деньги, идиоты?! Иначе закрою все счета и напишу журналистам!",
    "Oddajcie pieniądze albo spalę wam oddział, wy głąby",
    "My wife is in hospital and I cannot cope with the letters you send",
    "",
)
FACTS = st.sampled_from([{}, LATE, {"authorised": False}, {"incident": "down"}])


@cache
def tagger() -> Tagger:
    return tagging.load()


def tag(message: Message) -> Tags:
    return tagger().tag([message])[0]


@pytest.mark.parametrize(
    "text",
    [
        "I do not want to live any more, I will kill myself tonight.",
        "Не хочу больше жить, покончу с собой сегодня.",
        "Не хочу жити, накладу на себе руки.",
        "Nie chcę żyć, zabiję się dzisiaj.",
    ],
)
def test_self_harm_raises_safety_in_every_language(text: str) -> None:
    assert Flag.SAFETY in {flag.value for flag in tag(Message(text)).flags}


@pytest.mark.parametrize(
    "text",
    [
        "Your clerk will leave the branch in an ambulance if the money is not here by noon.",
        "Передайте своему директору: не вернёте, ноги ему переломаю.",
        "Передайте своєму директору: не повернете, ноги йому переламаю.",
        "Przekażcie dyrektorowi: jak nie oddacie, połamię mu nogi.",
    ],
)
def test_a_threat_to_a_person_is_a_danger(text: str) -> None:
    tags = tag(Message(text))
    assert Flag.SAFETY in {flag.value for flag in tags.flags}
    assert tags.pressure.value is Pressure.VIOLENCE


@pytest.mark.parametrize(
    "text",
    [
        "This queue is killing me, I laughed myself to death. I'll wait, the terminal is broken.",
        "Очередь меня убивает, помру со смеху. Больно смотреть на ваш терминал.",
        "Черга мене вбиває, помру від сміху. Боляче дивитися на ваш термінал.",
        "Ta kolejka mnie zabija, umrę ze śmiechu. Proszę, żeby terminal działał.",
        "Dzień dobry, spóźniłam się z ratą o dwie godziny, to moje przeoczenie. Proszę o darowanie",
    ],
)
@pytest.mark.parametrize("facts", [{}, LATE])
def test_a_figure_of_speech_calls_no_specialist(text: str, facts: dict[str, object]) -> None:
    message = Message(text, facts, "missed_due_date" if facts else None, bool(facts))
    raised = {flag.value for flag in tag(message).flags}
    assert not raised & {Flag.SAFETY, Flag.VULNERABLE}


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(TEXTS), FACTS, st.sampled_from([None, "fraud", "missed_due_date"]))
def test_facts_and_category_never_make_a_customer_vulnerable_or_in_danger(
    text: str, facts: dict[str, object], category: str | None
) -> None:
    def grave(of: Message) -> list[FlagTag]:
        return [flag for flag in tag(of).flags if flag.value in {Flag.SAFETY, Flag.VULNERABLE}]

    assert grave(Message(text, facts, category)) == grave(Message(text))


def test_a_figure_of_speech_in_another_message_takes_nothing_back() -> None:
    grave = Message("Good evening. I have decided to end my life")
    jokes = Message("joking, just kidding, figuratively")
    for batch in ([jokes, grave], [grave, jokes], [jokes, grave, jokes]):
        raised = tagger().tag(batch)[batch.index(grave)].flags
        assert Flag.SAFETY in {flag.value for flag in raised}
