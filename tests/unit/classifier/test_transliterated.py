"""Russian and Ukrainian in Latin letters are read as what they are, and nothing else is."""

import pytest

from services.classifier.tagging.transliterated import Source, in_cyrillic, signs_of, source
from services.classifier.tagging.words import normalise, split


def language_behind(text: str) -> Source | None:
    signs = map(signs_of, split(text))
    return source([found for found in signs if found is not None])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ya ne mogu voyti v prilozhenie, pochemu vy ne otvechaete?", "ru"),
        ("zdravstvuite, spisali 500 rubley za chto? vernite dengi", "ru"),
        ("Dobryi den, shcho z moyeyu kartkoyu? Meni treba hroshi.", "uk"),
        ("I cannot log in, why do you not answer? Ya!", None),
        ("Nie mogę wejść do aplikacji, dlaczego nie odpowiadacie? Za co ta opłata?", None),
        ("nie moge wejsc do aplikacji, za co ta oplata na mojej karcie", None),
        ("Я не могу войти в приложение, почему вы не отвечаете?", None),
        ("Mr Zhukov and Ms Khan opened an account.", None),
        ("", None),
        ("12.50 !!! ??", None),
    ],
)
def test_only_what_is_clearly_cyrillic_in_latin_letters_is_read_so(
    text: str, language: Source | None
) -> None:
    assert language_behind(text) == language


@pytest.mark.parametrize(
    ("latin", "cyrillic", "language"),
    [
        ("prilozhenie", "приложение", "ru"),
        ("dengi", "деньги", "ru"),
        ("eto", "это", "ru"),
        ("yest", "есть", "ru"),
        ("novye", "новые", "ru"),
        ("dobryy", "добрый", "ru"),
        ("schyot", "счёт", "ru"),
        ("schet", "счёт", "ru"),
        ("otsutstvuet", "отсутствует", "ru"),
        ("kazhetsya", "кажется", "ru"),
        ("shcho", "що", "uk"),
        ("vidpovidayete", "відповідаєте", "uk"),
        ("yiyi", "її", "uk"),
        ("hroshi", "гроші", "uk"),
        ("kartkoyu", "карткою", "uk"),
    ],
)
def test_a_word_means_the_same_in_latin_and_in_cyrillic_letters(
    latin: str, cyrillic: str, language: Source
) -> None:
    assert in_cyrillic(latin, language) == normalise(cyrillic)
