"""What is said before and after an answer: a check, danger, a refused document, the end."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import uuid4

import pytest

from services.notifier.channels.webhook import payload
from services.notifier.domain import (
    Channel,
    Closed,
    Content,
    DocumentRefused,
    Earlier,
    FinalAnswer,
    InReview,
    Language,
    Outgoing,
    Plan,
    Recipient,
    Verifying,
)
from services.notifier.messages import catalogue, wording
from services.notifier.messages.render import Voice
from services.notifier.telling import content_of
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import CaseReferred, Queue, VerificationRequested

TEXTS = catalogue.load()
VOICE = Voice(TEXTS)
LANGUAGES = list(Language)
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
REFUND = Remedy(kind=RemedyKind.REFUND, money=Money(amount=Decimal(9), currency="EUR"))


def _say(content: Content, language: Language) -> str:
    return VOICE.say(
        content, case_id=uuid4(), name=None, language=language, jurisdiction="PL"
    ).plain


def _requested(
    purpose: Literal["background", "first"], answer_by: datetime | None
) -> VerificationRequested:
    return VerificationRequested(
        case_id=uuid4(),
        customer_id="C-1",
        question="wrong_fee",
        purpose=purpose,
        requested_at=NOW,
        answer_by=answer_by,
    )


def test_only_a_check_that_the_answer_waits_for_is_told() -> None:
    later = NOW + timedelta(hours=2)
    assert content_of(_requested("first", later)) == Verifying(answer_by=later)
    assert content_of(_requested("background", later)) is None
    assert content_of(_requested("first", None)) is None


def test_a_check_that_takes_no_longer_than_a_minute_is_not_told() -> None:
    assert content_of(_requested("first", NOW + timedelta(minutes=1))) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_check_names_the_hour_until_which_it_lasts(language: Language) -> None:
    said = _say(Verifying(answer_by=datetime(2026, 11, 20, 12, tzinfo=UTC)), language)
    assert "13:00" in said  # in Warsaw


@pytest.mark.parametrize(
    ("queue", "reason", "danger"),
    [
        (Queue.SAFETY, "safety", True),
        (Queue.SPECIALIST, "vulnerable", True),
        (Queue.SPECIALIST, "violence", False),
        (Queue.FRAUD, "fraud", False),
        (Queue.REVIEW, "fault_uncertain", False),
    ],
)
def test_only_safety_and_vulnerability_bring_the_emergency_services_up(
    queue: Queue,
    reason: str,
    danger: bool,  # noqa: FBT001 - a value
) -> None:
    event = CaseReferred(
        case_id=uuid4(),
        customer_id="C-1",
        queue=queue,
        priority=1,
        reason=reason,
        language="en",
        referred_at=NOW,
    )
    content = content_of(event)
    assert isinstance(content, InReview)
    for language in LANGUAGES:
        assert (TEXTS[language].in_review.danger in _say(content, language)) is danger


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (InReview(answer_due_at=NOW), {"answer_due_at": "2026-11-20T10:00:00Z"}),
        (
            InReview(urgent=True, deadline=date(2026, 12, 20)),
            {"answer_due_at": None, "deadline": "2026-12-20"},
        ),
        (InReview(urgent=True), {"answer_due_at": None}),
    ],
)
def test_an_app_is_told_of_a_limit_where_there_is_one_to_tell(
    content: InReview, told: dict[str, str | None]
) -> None:
    plan = Plan(uuid4(), "C-1", 0, content, "en", uuid4(), "", NOW)
    recipient = Recipient(None, None, "https://bank.example", None, None)
    channel, language = Channel.WEBHOOK, Language.EN
    sent = payload(Outgoing(uuid4(), uuid4(), 0, NOW, plan, channel, language, recipient))
    case = {"case_id": str(plan.case_id), "status": "in_review", "language": "en"}
    assert json.loads(sent)["data"] == case | told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_document_is_named_and_nobody_is_blamed(language: Language) -> None:
    said = _say(DocumentRefused(name="statement.pdf"), language)
    assert "statement.pdf" in said
    assert all(part in said for part in TEXTS[language].document_refused.paragraphs)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closed_case_says_since_when_what_stands_and_that_it_can_be_opened_again(
    language: Language,
) -> None:
    texts = TEXTS[language].closed
    given = (REFUND, Remedy(kind=RemedyKind.APOLOGY))
    said = _say(Closed(answered_at=NOW, disposition=Disposition.UPHELD, remedies=given), language)
    assert wording.day(NOW, language, "PL") in said
    assert texts.answer[Disposition.UPHELD] in said
    assert f"{texts.promised}\n- " in said
    assert TEXTS[language].final_answer.remedies[RemedyKind.APOLOGY].plain not in said
    assert texts.again in said
    declined = _say(Closed(answered_at=NOW, disposition=Disposition.DECLINED), language)
    assert texts.promised not in declined


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_taken_back_says_when_it_was_granted_what_was_compared_and_what_of_the_money(
    language: Language,
) -> None:
    texts = TEXTS[language].final_answer.taken_back
    earlier = Earlier(
        disposition=Disposition.UPHELD,
        remedies=(REFUND,),
        reasons=("wrong_fee", "trusted"),
        answered_at=NOW,
    )
    back = FinalAnswer(
        disposition=Disposition.DECLINED,
        basis=Basis.CONTRACT,
        taken_back=True,
        revision=1,
        earlier=earlier,
    )
    said = _say(back, language)
    assert texts.granted.format(date=wording.day(NOW, language, "PL")) in said
    assert texts.checked["wrong_fee"] in said
    assert texts.money in said
    words = earlier.model_copy(update={"remedies": (Remedy(kind=RemedyKind.APOLOGY),)})
    assert texts.money not in _say(back.model_copy(update={"earlier": words}), language)
    assert texts.granted_before in _say(back.model_copy(update={"earlier": None}), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_ended_service_gives_its_reason(language: Language) -> None:
    reasons = TEXTS[language].final_answer.reasons
    codes = [code for code in reasons if code.startswith("service_ended")]
    assert len(codes) == 4
    for code in codes:
        ended = FinalAnswer(
            disposition=Disposition.SERVICE_ENDED, basis=Basis.PERSON, reasons=(code,)
        )
        assert reasons[code]["plain"] in _say(ended, language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.EN, "20 November 2026, 11:00"),
        (Language.PL, "20 listopada 2026 r., 11:00"),
        (Language.RU, "20 ноября 2026 \N{CYRILLIC SMALL LETTER GHE}., 11:00"),
        (Language.UK, "20 листопада 2026 \N{CYRILLIC SMALL LETTER ER}., 11:00"),
    ],
)
def test_a_moment_has_the_word_for_year_where_the_language_wants_it(
    language: Language, said: str
) -> None:
    assert wording.moment(NOW, language, "PL") == said
