"""What is paid, by when, and which part of it nobody had a right to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import FinalAnswer, Language
from services.notifier.messages import catalogue
from services.notifier.messages.render import Voice
from services.notifier.places import ZONES, there, working_day_after
from services.notifier.telling import content_of
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import CaseDecided, Decision

TEXTS = catalogue.load()
VOICE = Voice(TEXTS)
LANGUAGES = list(Language)
FRIDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)
NINE = Money(amount=Decimal(9), currency="EUR")
REFUND = Remedy(kind=RemedyKind.REFUND, money=NINE)
CREDIT = Remedy(kind=RemedyKind.CREDIT, money=NINE)
WAIVER = Remedy(kind=RemedyKind.FEE_WAIVER, money=NINE)
APOLOGY = Remedy(kind=RemedyKind.APOLOGY)


def _decided(
    *remedies: Remedy, reason: str = "wrong_fee", at: datetime = FRIDAY, place: str = "PL"
) -> CaseDecided:
    return CaseDecided(
        case_id=uuid4(),
        customer_id="C-1",
        decision=Decision(
            disposition=Disposition.UPHELD,
            basis=Basis.ENTITLEMENT,
            remedies=remedies,
            reasons=(reason,),
            rule="r",
            policy="p",
        ),
        language="en",
        jurisdiction=place,
        decided_at=at,
    )


def _paid_by(event: CaseDecided, within: int = 5) -> date | None:
    content = content_of(event, within)
    assert isinstance(content, FinalAnswer)
    return content.paid_by


def _say(content: FinalAnswer, language: Language) -> str:
    return VOICE.say(
        content, case_id=uuid4(), name=None, language=language, jurisdiction="PL"
    ).plain


def _answer(basis: Basis, *remedies: Remedy, reason: str = "wrong_fee") -> FinalAnswer:
    return FinalAnswer(
        disposition=Disposition.UPHELD, basis=basis, remedies=remedies, reasons=(reason,)
    )


def test_what_is_paid_is_on_the_account_within_working_days_of_the_place() -> None:
    assert _paid_by(_decided(REFUND)) == date(2026, 11, 27)
    assert _paid_by(_decided(CREDIT), 2) == date(2026, 11, 24)
    assert _paid_by(_decided(REFUND, at=datetime(2026, 11, 10, tzinfo=UTC)), 1) == date(
        2026, 11, 12
    )
    assert _paid_by(_decided(WAIVER, APOLOGY)) is None


def test_an_unauthorised_payment_is_back_by_the_next_working_day_whatever_the_bank_sets() -> None:
    assert _paid_by(_decided(REFUND, reason="unauthorised_payment"), 30) == date(2026, 11, 23)
    late = datetime(2026, 11, 24, 2, tzinfo=UTC)  # the evening of the 23rd in New York
    stolen = _decided(REFUND, reason="unauthorised_payment", at=late, place="us")
    assert _paid_by(stolen) == date(2026, 11, 24)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given one
    st.integers(1, 60),
    st.sampled_from([*ZONES, "", "JP"]),
)
def test_a_promised_day_is_a_working_day_and_never_too_early(
    at: datetime, days: int, place: str
) -> None:
    day = working_day_after(at, days, place)
    today = there(at, place).date()
    assert day.weekday() < 5
    assert day - today >= timedelta(days=days + 2 * ((days - 1) // 5))
    assert day <= working_day_after(at, days + 1, place) - timedelta(days=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_names_the_day_by_which_the_money_is_there(language: Language) -> None:
    answer = _answer(Basis.ENTITLEMENT, REFUND)
    told = _say(answer.model_copy(update={"paid_by": date(2026, 11, 27)}), language)
    before, after = TEXTS[language].final_answer.paid_by.split("{date}")
    sentence = next(line for line in told.splitlines() if line.startswith(before))
    assert "27" in sentence
    assert sentence.endswith(after)
    assert before not in _say(answer, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("basis", [Basis.ENTITLEMENT, Basis.TRUST])
def test_the_little_extra_does_not_stand_among_what_is_owed(
    language: Language, basis: Basis
) -> None:
    texts = TEXTS[language].final_answer
    told = _say(_answer(basis, REFUND, CREDIT), language)
    owed, _, extra = told.partition(texts.extra_heading)
    refund, credit = (texts.remedies[kind].with_amount for kind in (REFUND.kind, CREDIT.kind))
    assert refund
    assert credit
    assert refund.split("{amount}")[1] in owed.partition(texts.remedies_heading)[2]
    assert credit.split("{amount}")[0] in extra.partition("\n\n")[0]


def test_a_share_given_by_goodwill_is_said_to_be_so_and_what_is_all_goodwill_is_not_split() -> None:
    texts = TEXTS[Language.EN].final_answer
    by_grace = WAIVER.model_copy(update={"share": "goodwill"})
    told = _say(_answer(Basis.ENTITLEMENT, REFUND, by_grace), Language.EN)
    assert f"{texts.extra_heading}\n- We will not charge you the fee" in told
    assert texts.extra_heading not in _say(_answer(Basis.GOODWILL, REFUND, by_grace), Language.EN)
    # Where the credit is all that there is, it is what makes the loss good.
    assert texts.extra_heading not in _say(_answer(Basis.ENTITLEMENT, CREDIT, APOLOGY), Language.EN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_both_erred_the_bank_is_sorry_for_its_part_only(language: Language) -> None:
    texts = TEXTS[language].final_answer
    shown = _say(_answer(Basis.ENTITLEMENT, REFUND, APOLOGY, reason="shared_fault"), language)
    assert texts.sorry not in shown
    assert texts.remedies[RemedyKind.APOLOGY].plain not in shown
    assert shown.split("\n\n")[1] == texts.reasons["shared_fault"]["plain"]
    trusted = _say(_answer(Basis.TRUST, REFUND, APOLOGY, reason="shared_fault"), language)
    assert texts.apology_in_part in trusted
    assert texts.remedies[RemedyKind.APOLOGY].plain not in trusted
    assert texts.reasons["shared_fault"]["plain"] not in trusted
