"""A final answer says what was decided, and what it changes in an earlier one."""

from decimal import Decimal
from itertools import product

import pytest

from services.notifier.domain import Boundary, Earlier, Language
from services.notifier.messages.codes import UNSAID
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from tests.unit.notifier.messages.saying import LANGUAGES, TEXTS, answer_of, say


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_remedy_is_said_with_its_amount(language: Language) -> None:
    money = Money(amount=Decimal("1234.50"), currency="PLN")
    for kind in set(RemedyKind) - UNSAID:
        bare = say(answer_of(remedies=(Remedy(kind=kind),)), language).plain
        paid = say(answer_of(remedies=(Remedy(kind=kind, money=money),)), language).plain
        assert f"{TEXTS[language].final_answer.remedies_heading}\n- " in bare
        digits = paid.replace("\xa0", "").replace(" ", "").replace(",", ".")
        assert "1234.50" in digits or "1.234.50" in digits


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_boundary_and_recourse_stand_exactly_where_they_were_decided(
    language: Language,
) -> None:
    texts = TEXTS[language].final_answer
    for boundary, recourse, kind in product((True, False), (True, False), Boundary):
        answer = answer_of(
            boundary=boundary, recourse=recourse, remedies=(Remedy(kind=RemedyKind.BOUNDARY),)
        )
        plain = say(answer.model_copy(update={"boundary_for": kind}), language).plain
        said = [one for one in Boundary if texts.boundary[one] in plain]
        assert said == ([kind] if boundary else [])
        assert (texts.recourse.heading in plain) is recourse
        assert (texts.recourse.court in plain) is recourse
        assert texts.review in plain


def test_a_later_answer_says_what_it_changes() -> None:
    changes = TEXTS[Language.EN].final_answer.changes
    refund, credit = Remedy(kind=RemedyKind.REFUND), Remedy(kind=RemedyKind.CREDIT)
    expedite = Remedy(kind=RemedyKind.EXPEDITE)
    answer = answer_of(remedies=(refund, expedite)).model_copy(
        update={
            "revision": 1,
            "earlier": Earlier(disposition=Disposition.DECLINED, remedies=(credit, expedite)),
        }
    )
    plain = say(answer, Language.EN).plain
    assert (
        f"{changes.heading}\n- {changes.earlier[Disposition.DECLINED]}\n"
        "- New: We will pay the amount back to your account.\n"
        "- No longer: We will credit your account.\n"
        f"- {changes.stands}\n"
    ) in plain
    same = answer.model_copy(
        update={
            "earlier": Earlier(disposition=answer.disposition, remedies=answer.remedies),
        }
    )
    assert f"{changes.heading}\n- {changes.same}\n" in say(same, Language.EN).plain
    assert changes.heading not in say(answer_of(), Language.EN).plain


def test_what_is_taken_back_is_named() -> None:
    refund = Remedy(kind=RemedyKind.REFUND, money=Money(amount=Decimal(9), currency="EUR"))
    answer = answer_of(Disposition.DECLINED, Basis.CONTRACT, reasons=("x",)).model_copy(
        update={
            "revision": 1,
            "taken_back": True,
            "earlier": Earlier(disposition=Disposition.UPHELD, remedies=(refund,)),
        }
    )
    message = say(answer, Language.EN)
    texts = TEXTS[Language.EN].final_answer
    assert message.subject == texts.subject_taken_back
    assert "What changes:\n- No longer: We will pay €9.00 back to your account.\n" in message.plain
    assert texts.changes.earlier[Disposition.UPHELD] not in message.plain
