"""Every notice exists in every language, says what it must and nothing that it must not."""

from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from itertools import product
from uuid import UUID

import pytest
from pydantic import ValidationError
from typing_extensions import override

from services.notifier.domain import Content, FinalAnswer, InReview, Language, Receipt
from services.notifier.messages.render import Message, Voice
from services.notifier.messages.texts import PLACES, REASONS, UNSAID, Texts, load
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.tags import Fault, Pressure, Tone

CASE = UUID("5f0c6a9e-0000-4000-8000-000000000001")
VOICE = Voice.load()
LANGUAGES = list(Language)
FORBIDDEN = {"abusive", "rude", "leverage", "violence", "unconstructive", "None"}


def _say(
    content: Content,
    language: Language,
    name: str | None = "Anna Nowak",
    jurisdiction: str | None = None,
) -> Message:
    return VOICE.say(content, case_id=CASE, name=name, language=language, jurisdiction=jurisdiction)


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
def test_every_notice_disposition_and_basis_can_be_said(language: Language) -> None:
    contents: list[Content] = [
        Receipt(),
        InReview(),
        InReview(answer_due_at=datetime(2026, 11, 30, 12, tzinfo=UTC)),
    ]
    contents += [_answer(d, b, boundary=True) for d, b in product(Disposition, Basis)]
    seen = set()
    for content in contents:
        message = _say(content, language)
        assert str(CASE) in message.plain
        assert "{" not in message.plain
        assert not any(word in message.plain for word in FORBIDDEN)
        page = _read(message.html)
        assert page.language == language
        assert page.words == _words(message.plain)
        seen.add(message.plain)
    # Two bases may give the same words only where the sentences are the same for both.
    assert len(seen) == len(contents)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_remedy_is_said_with_its_amount(language: Language) -> None:
    money = Money(amount=Decimal("1234.50"), currency="PLN")
    for kind in set(RemedyKind) - UNSAID:
        bare = _say(_answer(remedies=(Remedy(kind=kind),)), language).plain
        paid = _say(_answer(remedies=(Remedy(kind=kind, money=money),)), language).plain
        assert "- " in bare
        digits = paid.replace("\xa0", "").replace(" ", "").replace(",", ".")
        assert "1234.50" in digits or "1.234.50" in digits


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence_and_unknown_codes_are_never_shown(language: Language) -> None:
    known = {code: _say(_answer(reasons=(code,)), language).plain for code in REASONS}
    assert len(set(known.values())) == len(REASONS)
    unknown = _say(_answer(reasons=("tone.abusive", "conduct")), language)
    assert unknown == _say(_answer(), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_boundary_and_recourse_stand_exactly_where_they_were_decided(
    language: Language,
) -> None:
    texts = load(language).final_answer
    for boundary, recourse in product((True, False), repeat=2):
        plain = _say(
            _answer(
                boundary=boundary,
                recourse=recourse,
                remedies=(Remedy(kind=RemedyKind.BOUNDARY),),
            ),
            language,
        ).plain
        assert (texts.boundary in plain) is boundary
        assert (texts.recourse in plain) is recourse
        assert texts.review in plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_body_to_turn_to_is_that_of_the_customers_country(language: Language) -> None:
    texts = load(language).final_answer.recourse_by_place
    for place in PLACES - {"EU"}:
        plain = _say(_answer(), language, jurisdiction=place.lower()).plain
        assert [name for name, sentence in texts.items() if sentence in plain] == [place]
    assert texts["EU"] in _say(_answer(), language, jurisdiction="DE").plain
    elsewhere = _say(_answer(), language, jurisdiction="JP").plain
    assert not any(sentence in elsewhere for sentence in texts.values())


@pytest.mark.parametrize(
    ("language", "jurisdiction", "date"),
    [
        (Language.EN, "GB", "30 November 2026"),
        (Language.PL, "PL", "1 grudnia 2026 r."),
        (Language.UK, "UA", "1 грудня 2026 року"),
        (Language.RU, "RU", "1 декабря 2026 года"),
        (Language.EN, "US", "30 November 2026"),
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


def test_no_text_knows_the_words_of_our_tags() -> None:
    labels = {*Tone, *Pressure, *Fault} - {"none", "recourse", "shared", "customer", "upset"}
    for language in LANGUAGES:
        assert not labels & set(_words(load(language).model_dump_json().lower()))


def test_a_text_that_is_missing_or_has_a_wrong_placeholder_is_refused() -> None:
    texts = load(Language.EN).model_dump()
    del texts["final_answer"]["answer"]["declined"]
    with pytest.raises(ValidationError, match="declined"):
        Texts.model_validate(texts)
    texts = load(Language.EN).model_dump()
    texts["case"] = "Your case number: {number}"
    with pytest.raises(ValidationError, match="placeholders"):
        Texts.model_validate(texts)
