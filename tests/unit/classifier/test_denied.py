# ruff: noqa: RUF001 - Cyrillic words are what these messages say
"""What is said only to be denied is neither an insult nor a threat nor a remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.tagging.denied import Deniable, denied
from services.classifier.tagging.features import encode
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.vocabulary import Vocabulary
from services.classifier.tagging.words import normalise, split

KNOWN = Vocabulary(Lists.read())
HELD = {"insult", "harm", "institution", "court", "intent"}


def held(text: str) -> frozenset[str]:
    """Return what tone and pressure may hold against the customer."""
    full, _ = encode([text], KNOWN)
    return full.concepts(0, len(full.word), KNOWN) & HELD


@pytest.mark.parametrize(
    "text",
    [
        "You are not idiots, you are very helpful.",
        "You aren't idiots.",
        "Вы не идиоты, вы очень помогли.",
        "Ви не ідіоти, дякую.",
        "Nie jesteście idiotami, dziękuję.",
        "Nobody at your bank is an idiot; the clerk was helpful.",
        "Никто из вас не идиот.",
        "Nikt u was nie jest idiotą.",
        "I am not an idiot, I read the contract.",
        "I do not want to hurt anybody.",
        "I would never hurt your staff.",
        "I will not go to court, I only want to understand the fee.",
        "I am not going to complain to the ombudsman.",
        "Я не собираюсь жаловаться в Центробанк и в суд не пойду, просто объясните.",
        "Я не буду звертатися до суду.",
        "Do sądu nie pójdę, proszę tylko o wyjaśnienie.",
        "Nie zamierzam iść do sądu.",
        "I will not go to the central bank.",
        "I am not going to complain to the Financial Conduct Authority.",
        "I will not go to small claims.",
        "Не пойду в Банк России.",
        "Не піду до Національного банку.",
        "Nie zamierzam iść do Komisji Nadzoru Finansowego.",
    ],
)
def test_what_is_denied_is_not_held(text: str) -> None:
    assert held(text) == set()


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Can't you idiots read?", "insult"),
        ("Are you not idiots?", "insult"),
        ("Are you not idiots, who cannot even read one simple letter by a customer?", "insult"),
        ("Вы что, не идиоты?", "insult"),
        ("You are not only idiots but thieves.", "insult"),
        ("Don't be idiots.", "insult"),
        ("Не будьте идиотами.", "insult"),
        ("You do not answer, idiots.", "insult"),
        ("Nobody of you idiots answers.", "insult"),
        ("You are not helpful, you are idiots.", "insult"),
        ("You won't get home, I will kill you.", "harm"),
        ("I do not want to hurt anybody, but I will.", "harm"),
        ("I will not burn your branch if you pay.", "harm"),
        ("I won't just burn the branch.", "harm"),
        ("You will not find a window in your branch, I will burn it.", "harm"),
        ("If you do not pay I go to court.", "court"),
        ("Если не вернёте деньги пойду в суд.", "court"),
        ("Пойду в суд, не сомневайтесь.", "court"),
        ("Не отвечаете — подам в суд.", "court"),
        ("I will not go to court unless you refuse.", "court"),
        ("Nie oddacie, idę do sądu.", "court"),
        ("Jak nie to do rzecznika i do sądu.", "court"),
        ("I would rather not go to the ombudsman.", "institution"),
        ("Верните 650, тогда в ЦБ писать не стану.", "institution"),
        ("I will go to the central bank, not to you.", "institution"),
        ("You will not like it: I go to the central bank.", "institution"),
        ("I will not go to the central bank if you pay.", "institution"),
        ("Не вернёте — пойду в Банк России.", "institution"),
        ("I will not go to the central bank. I go to the ombudsman.", "institution"),
        ("Let somebody look who is not an idiot.", "insult"),
        ("Niech spojrzy ktoś, kto nie jest półgłówkiem.", "insult"),
    ],
)
def test_what_is_not_denied_stays(text: str, concept: str) -> None:
    assert concept in held(text)


def test_harm_to_oneself_is_never_taken_back() -> None:
    full, _ = encode(["I do not want to kill myself. I will not hurt myself."], KNOWN)
    assert "self_harm" in full.concepts(0, len(full.word), KNOWN)


def test_a_denied_word_stands_for_any_denied_word() -> None:
    full, _ = encode(["You are not idiots.", "You are not morons."], KNOWN)
    first, second = (
        full.word[start:end].tolist() for start, end in zip(full.starts, full.ends, strict=True)
    )
    assert first == second


@given(st.text(st.sampled_from("не notidiot суд.,"), max_size=50))
def test_any_text_can_be_looked_through(text: str) -> None:
    plain = [normalise(word) for word in split(text)]
    places = denied(plain, [Deniable.HARM] * len(plain), {}, KNOWN.lists)
    assert places <= set(range(len(plain)))
