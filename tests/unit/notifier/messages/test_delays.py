"""A delay names both dates and the reason, and promises only what was granted."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.notifier.domain import Delayed, Language
from shared.events.answer import Remedy, RemedyKind
from shared.events.base import Money
from tests.unit.notifier.messages.saying import LANGUAGES, TEXTS, say


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_delay_names_the_old_date_the_reason_the_new_date_and_something_in_return(
    language: Language,
) -> None:
    old, new = datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 12, 7, 12, tzinfo=UTC)
    texts = TEXTS[language].delayed
    delay = Delayed(promised=old, due_at=new, reason="other_party", in_return="priority")
    plain = say(delay, language).plain
    assert plain.index("20 ") < plain.index(texts.reasons["other_party"]) < plain.index("7 ")
    assert texts.in_return["priority"] in plain
    unknown = say(Delayed(due_at=new, reason="rung_3", in_return="x"), language).plain
    assert texts.reasons["other"] in unknown
    assert "rung_3" not in unknown


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_delay_says_of_what_there_is_in_return_only_what_was_granted(language: Language) -> None:
    new = datetime(2026, 12, 7, 12, tzinfo=UTC)
    texts = TEXTS[language].delayed
    plain = say(Delayed(due_at=new), language).plain
    assert texts.in_return["priority"] not in plain
    assert texts.granted not in plain
    credit = Remedy(
        kind=RemedyKind.CREDIT, money=Money(amount=Decimal(20), currency="PLN"), share="goodwill"
    )
    given = say(Delayed(due_at=new, granted=(credit,)), language).plain
    assert texts.granted in given
    assert "20" in given.partition(texts.granted)[2].splitlines()[1]


def test_the_words_of_a_holding_letter_are_said_as_they_are_and_bring_no_markup() -> None:
    new = datetime(2026, 12, 7, 12, tzinfo=UTC)
    letter = (("reason", "Two <b>banks</b>\n\n  compare"), ("internal_note", "secret"))
    message = say(Delayed(due_at=new, letter=letter), Language.EN)
    assert "- Two <b>banks</b>\n- compare" in message.plain
    assert "&lt;b&gt;banks" in message.html
    assert "secret" not in message.plain
