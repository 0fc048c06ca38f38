"""Every reason has a sentence, and says no more than is known."""

from datetime import UTC, datetime

import pytest

from services.notifier.domain import Language
from services.notifier.messages.codes import OURS, REASONS
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.catalogue import Particulars
from tests.unit.notifier.messages.saying import LANGUAGES, TEXTS, answer_of, say


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence_and_unknown_codes_are_never_shown(language: Language) -> None:
    known = {code: say(answer_of(reasons=(code,)), language).plain for code in REASONS}
    assert len(set(known.values())) == len(REASONS)
    unknown = say(answer_of(reasons=("tone.abusive", "conduct")), language)
    assert unknown == say(answer_of(), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", OURS)
def test_where_the_bank_erred_the_apology_comes_first_and_names_the_cause(
    language: Language, code: str
) -> None:
    apology = Remedy(kind=RemedyKind.APOLOGY)
    plain = say(answer_of(reasons=(code,), remedies=(apology,)), language).plain
    texts = TEXTS[language].final_answer
    first = plain.split("\n\n")[1]
    assert first == f"{texts.sorry} {texts.reasons[code]['plain']}"
    assert texts.remedies[RemedyKind.APOLOGY].plain not in plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_only_trusted_is_not_asserted_but_granted_checked_and_kept(
    language: Language,
) -> None:
    answer = answer_of(Disposition.UPHELD, Basis.TRUST, reasons=("wrong_fee", "trusted"))
    plain = say(answer, language).plain
    texts = TEXTS[language].final_answer
    assert texts.on_trust.checked["wrong_fee"] in plain
    assert texts.on_trust.stays in plain
    assert texts.reasons["wrong_fee"]["plain"] not in plain
    assert texts.sorry not in plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_names_the_dates_that_decided_where_they_are_known(language: Language) -> None:
    due, paid = datetime(2026, 10, 31, 22, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)
    known = Particulars(due_at=due, paid_at=paid, days_late=12, days_forgiven=3)
    answer = answer_of(Disposition.DECLINED, Basis.CONTRACT, reasons=("own_slip_too_late",))
    plain = say(answer.model_copy(update={"particulars": known}), language).plain
    assert "31 " in plain
    assert "12\xa0" in plain or "12 " in plain
    half_known = Particulars(due_at=due)
    assert (
        TEXTS[language].final_answer.reasons["own_slip_too_late"]["plain"]
        in say(answer.model_copy(update={"particulars": half_known}), language).plain
    )


def test_figures_that_do_not_fit_the_reason_are_not_said() -> None:
    due, paid = datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)
    late = answer_of(reasons=("company_at_fault",)).model_copy(
        update={"particulars": Particulars(due_at=due, paid_at=paid)}
    )
    # Not "reached us in time": the records show a payment that came late.
    assert "November" not in say(late, Language.EN).plain
    accepted = answer_of(Disposition.DECLINED, Basis.CONTRACT, reasons=("terms_accepted",))
    assert "all the same" not in say(accepted, Language.EN).plain


def test_a_right_says_on_what_it_rests() -> None:
    rights = TEXTS[Language.EN].final_answer.rights
    for code, said in (
        ("promise_broken", rights.promise),
        ("wrong_fee", rights.agreed),
        ("unauthorised_payment", rights.law),
    ):
        assert said in say(answer_of(reasons=(code,)), Language.EN).plain
