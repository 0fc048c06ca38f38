"""Every notice exists in every language, says what it must and nothing that it must not."""

import sys
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from itertools import product
from uuid import UUID

import pytest
from typing_extensions import override

from services.notifier.domain import (
    Boundary,
    Content,
    Delayed,
    Earlier,
    FinalAnswer,
    InReview,
    Language,
    Receipt,
)
from services.notifier.messages import catalogue
from services.notifier.messages.codes import OURS, REASONS, UNSAID
from services.notifier.messages.layout import PERSON
from services.notifier.messages.render import Message, Voice
from services.notifier.messages.samples import samples
from services.notifier.messages.texts import Texts
from services.notifier.messages.wording import day_of, isolated
from services.notifier.places import ZONES
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import Particulars
from shared.events.tags import Fault, Pressure, Tone

CASE = UUID("5f0c6a9e-0000-4000-8000-000000000001")
TEXTS = catalogue.load()
VOICE = Voice(TEXTS)
LINK = "https://cases.bank.example/s/token"
LANGUAGES = list(Language)
FORBIDDEN = {"abusive", "rude", "leverage", "violence", "unconstructive", "None"}


def _say(
    content: Content,
    language: Language,
    name: str | None = "Anna Nowak",
    jurisdiction: str | None = None,
    link: str | None = None,
) -> Message:
    return VOICE.say(
        content, case_id=CASE, name=name, language=language, jurisdiction=jurisdiction, link=link
    )


def _answer(  # noqa: PLR0913 - the parts of an answer
    disposition: Disposition = Disposition.UPHELD,
    basis: Basis = Basis.ENTITLEMENT,
    *,
    remedies: tuple[Remedy, ...] = (),
    reasons: tuple[str, ...] = (),
    boundary: bool = False,
    recourse: bool = True,
) -> FinalAnswer:
    return FinalAnswer(
        disposition=disposition,
        basis=basis,
        remedies=remedies,
        reasons=reasons,
        boundary=boundary,
        recourse=recourse,
    )


class _Reader(HTMLParser):
    """Collects the visible text and notes what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.language: str | None = None
        self.words: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.language = dict(attrs)["lang"]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        if "head" not in self.open:
            self.words += data.split()


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def _words(plain: str) -> list[str]:
    return [word for line in plain.splitlines() for word in line.removeprefix("- ").split()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_says_the_same_in_plain_text_and_in_html(language: Language) -> None:
    seen = set()
    for sample in samples():
        message = _say(sample.content, language, jurisdiction=sample.jurisdiction)
        assert str(CASE) in message.plain
        assert "{" not in message.plain
        assert not any(word in message.plain for word in FORBIDDEN)
        page = _read(message.html)
        assert page.language == language
        assert page.words == _words(message.plain)
        assert "\n" not in message.subject
        seen.add(message.plain)
    # Two bases may give the same words only where the sentences are the same for both.
    assert len(seen) == len([sample for sample in samples() if sample.again_at is None])


def test_the_samples_show_every_disposition_basis_boundary_and_reason() -> None:
    answers = [s.content for s in samples() if isinstance(s.content, FinalAnswer)]
    assert {(a.disposition, a.basis) for a in answers} == set(product(Disposition, Basis))
    assert {a.boundary_for for a in answers if a.boundary} == set(Boundary)
    assert {code for a in answers for code in a.reasons} >= REASONS.keys() - {"staff_conduct"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_leads_to_the_case_and_to_a_person(language: Language) -> None:
    for sample in samples():
        linked = _say(sample.content, language, link=LINK)
        assert f" {LINK}\n" in linked.plain
        assert f" {LINK}{PERSON}\n" in linked.plain
        assert linked.html.count(f'href="{LINK}') == 2
        assert TEXTS[language].reply in _say(sample.content, language).plain
        assert TEXTS[language].reply not in linked.plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_remedy_is_said_with_its_amount(language: Language) -> None:
    money = Money(amount=Decimal("1234.50"), currency="PLN")
    for kind in set(RemedyKind) - UNSAID:
        bare = _say(_answer(remedies=(Remedy(kind=kind),)), language).plain
        paid = _say(_answer(remedies=(Remedy(kind=kind, money=money),)), language).plain
        assert f"{TEXTS[language].final_answer.remedies_heading}\n- " in bare
        digits = paid.replace("\xa0", "").replace(" ", "").replace(",", ".")
        assert "1234.50" in digits or "1.234.50" in digits


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence_and_unknown_codes_are_never_shown(language: Language) -> None:
    known = {code: _say(_answer(reasons=(code,)), language).plain for code in REASONS}
    assert len(set(known.values())) == len(REASONS)
    unknown = _say(_answer(reasons=("tone.abusive", "conduct")), language)
    assert unknown == _say(_answer(), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", OURS)
def test_where_the_bank_erred_the_apology_comes_first_and_names_the_cause(
    language: Language, code: str
) -> None:
    apology = Remedy(kind=RemedyKind.APOLOGY)
    plain = _say(_answer(reasons=(code,), remedies=(apology,)), language).plain
    texts = TEXTS[language].final_answer
    first = plain.split("\n\n")[1]
    assert first == f"{texts.sorry} {texts.reasons[code]['plain']}"
    assert texts.remedies[RemedyKind.APOLOGY].plain not in plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_only_trusted_is_not_asserted_but_granted_checked_and_kept(
    language: Language,
) -> None:
    answer = _answer(Disposition.UPHELD, Basis.TRUST, reasons=("wrong_fee", "trusted"))
    plain = _say(answer, language).plain
    texts = TEXTS[language].final_answer
    assert texts.on_trust.checked["wrong_fee"] in plain
    assert texts.on_trust.stays in plain
    assert texts.reasons["wrong_fee"]["plain"] not in plain
    assert texts.sorry not in plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_names_the_dates_that_decided_where_they_are_known(language: Language) -> None:
    due, paid = datetime(2026, 10, 31, 22, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)
    known = Particulars(due_at=due, paid_at=paid, days_late=12, days_forgiven=3)
    answer = _answer(Disposition.DECLINED, Basis.CONTRACT, reasons=("own_slip_too_late",))
    plain = _say(answer.model_copy(update={"particulars": known}), language).plain
    assert "31 " in plain
    assert "12\xa0" in plain or "12 " in plain
    half_known = Particulars(due_at=due)
    assert (
        TEXTS[language].final_answer.reasons["own_slip_too_late"]["plain"]
        in _say(answer.model_copy(update={"particulars": half_known}), language).plain
    )


def test_figures_that_do_not_fit_the_reason_are_not_said() -> None:
    due, paid = datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)
    late = _answer(reasons=("company_at_fault",)).model_copy(
        update={"particulars": Particulars(due_at=due, paid_at=paid)}
    )
    # Not "reached us in time": the records show a payment that came late.
    assert "November" not in _say(late, Language.EN).plain
    accepted = _answer(Disposition.DECLINED, Basis.CONTRACT, reasons=("terms_accepted",))
    assert "all the same" not in _say(accepted, Language.EN).plain


def test_a_right_says_on_what_it_rests() -> None:
    rights = TEXTS[Language.EN].final_answer.rights
    for code, said in (
        ("promise_broken", rights.promise),
        ("wrong_fee", rights.agreed),
        ("unauthorised_payment", rights.law),
    ):
        assert said in _say(_answer(reasons=(code,)), Language.EN).plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_boundary_and_recourse_stand_exactly_where_they_were_decided(
    language: Language,
) -> None:
    texts = TEXTS[language].final_answer
    for boundary, recourse, kind in product((True, False), (True, False), Boundary):
        answer = _answer(
            boundary=boundary, recourse=recourse, remedies=(Remedy(kind=RemedyKind.BOUNDARY),)
        )
        plain = _say(answer.model_copy(update={"boundary_for": kind}), language).plain
        said = [one for one in Boundary if texts.boundary[one] in plain]
        assert said == ([kind] if boundary else [])
        assert (texts.recourse.heading in plain) is recourse
        assert (texts.recourse.court in plain) is recourse
        assert texts.review in plain


def test_a_later_answer_says_what_it_changes() -> None:
    changes = TEXTS[Language.EN].final_answer.changes
    refund, credit = Remedy(kind=RemedyKind.REFUND), Remedy(kind=RemedyKind.CREDIT)
    expedite = Remedy(kind=RemedyKind.EXPEDITE)
    answer = _answer(remedies=(refund, expedite)).model_copy(
        update={
            "revision": 1,
            "earlier": Earlier(disposition=Disposition.DECLINED, remedies=(credit, expedite)),
        }
    )
    plain = _say(answer, Language.EN).plain
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
    assert f"{changes.heading}\n- {changes.same}\n" in _say(same, Language.EN).plain
    assert changes.heading not in _say(_answer(), Language.EN).plain


def test_what_is_taken_back_is_named() -> None:
    refund = Remedy(kind=RemedyKind.REFUND, money=Money(amount=Decimal(9), currency="EUR"))
    answer = _answer(Disposition.DECLINED, Basis.CONTRACT, reasons=("x",)).model_copy(
        update={
            "revision": 1,
            "taken_back": True,
            "earlier": Earlier(disposition=Disposition.UPHELD, remedies=(refund,)),
        }
    )
    message = _say(answer, Language.EN)
    texts = TEXTS[Language.EN].final_answer
    assert message.subject == texts.subject_taken_back
    assert "What changes:\n- No longer: We will pay €9.00 back to your account.\n" in message.plain
    assert texts.changes.earlier[Disposition.UPHELD] not in message.plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_body_to_turn_to_is_that_of_the_customers_country(language: Language) -> None:
    texts = TEXTS[language].final_answer.recourse
    for place, bodies in texts.places.items():
        plain = _say(_answer(), language, jurisdiction=place.lower()).plain
        for body in bodies:
            assert body.name in plain
            assert body.address in plain
        assert texts.elsewhere not in plain
        assert place in ZONES
    assert texts.elsewhere in _say(_answer(), language, jurisdiction="JP").plain


def test_where_the_ombudsman_comes_before_the_court_it_is_said() -> None:
    texts = TEXTS[Language.EN].final_answer.recourse
    russian = _say(_answer(), Language.EN, jurisdiction="RU").plain
    assert texts.court_afterwards in russian
    assert texts.court_afterwards not in _say(_answer(), Language.EN, jurisdiction="PL").plain


def test_every_member_state_and_every_market_has_a_body_of_its_own() -> None:
    places = TEXTS[Language.EN].final_answer.recourse.places
    assert len(places) == 27 + len({"GB", "UA", "RU", "US"})
    assert {mark for bodies in places.values() for mark in (b.mark for b in bodies)} <= {
        *("V", "S", "K")
    }
    assert all(body.source for bodies in places.values() for body in bodies)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_urgent_case_hears_of_a_limit_far_away_after_what_is_done_at_once_and_as_no_promise(
    language: Language,
) -> None:
    words = TEXTS[language].in_review
    urgent = InReview(urgent=True, deadline=date(2026, 12, 20))
    said = _say(urgent, language).plain
    limit = words.deadline.format(date=day_of(date(2026, 12, 20), language))
    assert said.index(words.urgent) < said.index(limit)
    assert words.due.partition("{")[0] not in said
    assert words.no_due not in said
    short = VOICE.say_shortly(urgent, language=language, jurisdiction="GB", link=LINK)
    assert "2026" in short
    assert TEXTS[language].short.due.partition("{")[0] not in short


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_a_time_when_no_limit_was_told_still_prove_what_they_said(
    language: Language,
) -> None:
    tree = TEXTS[language].model_dump(mode="json")
    for part in ("in_review", "short"):
        del tree[part]["deadline"]
    older = Voice({language: Texts.model_validate(tree, context={"language": language})})
    for urgent in (True, False):
        review = InReview(urgent=urgent)
        assert older.say(
            review, case_id=CASE, name=None, language=language, jurisdiction=None
        ) == _say(review, language, name=None)


def test_an_apology_that_is_given_at_once_comes_first() -> None:
    at_once = (Remedy(kind=RemedyKind.TRACE), Remedy(kind=RemedyKind.APOLOGY))
    said = _say(InReview(at_once=at_once), Language.EN).plain.split("\n\n")
    assert said[1] == TEXTS[Language.EN].in_review.apology
    assert sum("sorry" in part for part in said) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_delay_names_the_old_date_the_reason_the_new_date_and_something_in_return(
    language: Language,
) -> None:
    old, new = datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 12, 7, 12, tzinfo=UTC)
    texts = TEXTS[language].delayed
    delay = Delayed(promised=old, due_at=new, reason="other_party", in_return="priority")
    plain = _say(delay, language).plain
    assert plain.index("20 ") < plain.index(texts.reasons["other_party"]) < plain.index("7 ")
    assert texts.in_return["priority"] in plain
    unknown = _say(Delayed(due_at=new, reason="rung_3", in_return="x"), language).plain
    assert texts.reasons["other"] in unknown
    assert "rung_3" not in unknown


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_delay_says_of_what_there_is_in_return_only_what_was_granted(language: Language) -> None:
    new = datetime(2026, 12, 7, 12, tzinfo=UTC)
    texts = TEXTS[language].delayed
    plain = _say(Delayed(due_at=new), language).plain
    assert texts.in_return["priority"] not in plain
    assert texts.granted not in plain
    credit = Remedy(
        kind=RemedyKind.CREDIT, money=Money(amount=Decimal(20), currency="PLN"), share="goodwill"
    )
    given = _say(Delayed(due_at=new, granted=(credit,)), language).plain
    assert texts.granted in given
    assert "20" in given.partition(texts.granted)[2].splitlines()[1]


def test_the_words_of_a_holding_letter_are_said_as_they_are_and_bring_no_markup() -> None:
    new = datetime(2026, 12, 7, 12, tzinfo=UTC)
    letter = (("reason", "Two <b>banks</b>\n\n  compare"), ("internal_note", "secret"))
    message = _say(Delayed(due_at=new, letter=letter), Language.EN)
    assert "- Two <b>banks</b>\n- compare" in message.plain
    assert "&lt;b&gt;banks" in message.html
    assert "secret" not in message.plain


@pytest.mark.parametrize(
    ("language", "jurisdiction", "date"),
    [
        (Language.EN, "GB", "30 November 2026"),
        (Language.PL, "PL", "1 grudnia 2026 r."),
        (Language.UK, "UA", "1 грудня 2026 року"),
        (Language.RU, "RU", "1 декабря 2026 года"),
        (Language.EN, "US", "30 November 2026"),
        (Language.EN, "DE", "1 December 2026"),
    ],
)
def test_a_date_is_that_of_the_customers_place(
    language: Language, jurisdiction: str, date: str
) -> None:
    late = InReview(answer_due_at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    assert date in _say(late, language, jurisdiction=jurisdiction).plain


def test_a_name_cannot_bring_markup_or_lines_of_its_own() -> None:
    message = _say(Receipt(), Language.EN, name="<b>Eve</b>\r\n\r\nPay & win {case}")
    assert message.plain.startswith("Dear <b>Eve</b> Pay & win {case},\n\n")
    assert "<b>" not in message.html
    assert "&lt;b&gt;Eve&lt;/b&gt; Pay &amp; win" in message.html
    assert _say(Receipt(), Language.EN, name=" ").plain.startswith("Dear customer,")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_very_long_name_is_cut_and_every_message_can_greet_it(language: Language) -> None:
    plain = _say(Receipt(), language, name="Ж" * 200).plain
    assert "Ж" * 99 + "…" in plain
    assert "Ж" * 100 not in plain


def test_marks_that_turn_the_text_around_are_taken_out_and_such_names_are_kept_apart() -> None:
    turned = _say(Receipt(), Language.EN, name="Anna\u202egnp.exe\u200f").plain
    assert turned.startswith("Dear Anna gnp.exe,")
    hebrew = _say(Receipt(), Language.EN, name="\u05d3\u05d5\u05d3").plain
    assert hebrew.startswith("Dear \u2068\u05d3\u05d5\u05d3\u2069,")


def test_a_name_with_any_letter_written_from_right_to_left_is_kept_apart() -> None:
    letters = filter(_is_from_right, map(chr, range(sys.maxunicode + 1)))
    assert all(isolated(f"A{one}") == f"\u2068A{one}\u2069" for one in letters)


def _is_from_right(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in {"R", "AL", "AN"}


def test_no_text_knows_the_words_of_our_tags() -> None:
    labels = {*Tone, *Pressure, *Fault} - {"none", "recourse", "shared", "customer", "upset"}
    for language in LANGUAGES:
        for sample in samples():
            assert not labels & set(_words(_say(sample.content, language).plain.lower()))
