"""Every visible word comes from a catalogue: in a pseudo-language none is left that is not ours."""

import re
from typing import Any
from uuid import UUID

from babel import Locale

from services.notifier.domain import Language
from services.notifier.messages import catalogue
from services.notifier.messages.answer_texts import Body
from services.notifier.messages.codes import LOCALES
from services.notifier.messages.render import Voice
from services.notifier.messages.samples import samples
from services.notifier.messages.texts import Texts
from services.notifier.messages.wording import count

_NO_LETTERS = UUID(int=0)
_NUMBERS = (1, 2, 5, 11, 21, 22, 25)
_YEAR = {Language.EN: "", Language.RU: "г", Language.UK: "р", Language.PL: "r"}  # noqa: RUF001 - meant
_LETTER = {"statement.pdf", "Two banks have to compare their records of the same day."} | {
    *("When the other bank booked the payment", "Who returned it"),
    "The merchant's bank has until next week to answer us.",
    "You may turn to the Financial Ombudsman Service from now on.",
}


def _pseudo(tree: Any) -> Any:  # noqa: ANN401 - JSON
    """Bracket every text and keep its placeholders; what is data stays."""
    if isinstance(tree, dict):
        return {name: one if name == "places" else _pseudo(one) for name, one in tree.items()}
    if isinstance(tree, list | tuple):
        return [_pseudo(one) for one in tree]
    if isinstance(tree, str):
        parts = re.split(r"(\{\w+\}|\n)", tree)
        return "".join(p if p.startswith(("{", "\n")) else f"⟦{'ẋ' * len(p)}⟧" for p in parts if p)
    return tree


def _voice() -> Voice:
    texts = catalogue.load()
    pseudo: dict[Language, Texts] = {}
    for language, found in texts.items():
        tree = _pseudo(found.model_dump(mode="json"))
        pseudo[language] = Texts.model_validate(tree, context={"language": language})
    return Voice(pseudo)


def test_no_visible_word_is_written_in_the_code() -> None:
    voice = _voice()
    places = catalogue.load()[Language.EN].final_answer.recourse.places
    data = {text for bodies in places.values() for one in bodies for text in _shown(one)} | _LETTER
    for sample in samples():
        for language in Language:
            message = voice.say(
                sample.content,
                case_id=_NO_LETTERS,
                name="1",
                language=language,
                jurisdiction=sample.jurisdiction,
                link="0",
            )
            left = re.sub(r"⟦[^⟧]*⟧", " ", f"{message.subject}\n{message.plain}")
            left = left.replace("#person", " ")
            for text in sorted(data, key=len, reverse=True):
                left = left.replace(text, " ")
            words = set(re.findall(r"[^\W\d_]+", left))
            assert words <= _written_by_babel(language), (sample.name, language, words)


def _shown(body: Body) -> set[str]:
    return {body.name, body.address, body.site, *body.names.values()}


def _written_by_babel(language: Language) -> set[str]:
    """Return the words that dates and sums bring: months, currencies."""
    locale = Locale.parse(LOCALES[language])
    months = {name for form in locale.months["format"].values() for name in form.values()}
    return {*months, "PLN", "zł", _YEAR[language]}


def test_each_language_has_the_plural_forms_that_its_numbers_need() -> None:
    texts = catalogue.load()
    said = {
        language: [count(n, texts[language].final_answer.counts.days, language) for n in _NUMBERS]
        for language in Language
    }
    assert said == {
        Language.EN: ["1 day", "2 days", "5 days", "11 days", "21 days", "22 days", "25 days"],
        Language.RU: ["1 день", "2 дня", "5 дней", "11 дней", "21 день", "22 дня", "25 дней"],
        Language.UK: ["1 день", "2 дні", "5 днів", "11 днів", "21 день", "22 дні", "25 днів"],
        Language.PL: ["1 dzień", "2 dni", "5 dni", "11 dni", "21 dni", "22 dni", "25 dni"],
    }


def test_exceptions_are_counted_in_the_grammar_of_the_language() -> None:
    texts = catalogue.load()
    said = {
        language: [
            count(n, texts[language].final_answer.counts.exceptions, language) for n in (1, 2, 5)
        ]
        for language in (Language.RU, Language.UK, Language.PL)
    }
    assert said == {
        Language.RU: ["1 такое исключение", "2 таких исключения", "5 таких исключений"],
        Language.UK: ["1 такий виняток", "2 такі винятки", "5 таких винятків"],
        Language.PL: ["1 taki wyjątek", "2 takie wyjątki", "5 takich wyjątków"],
    }
