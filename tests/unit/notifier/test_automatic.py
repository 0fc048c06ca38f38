"""An answer that no person had a part in says so, and how to have a person look at it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.notifier.domain import FinalAnswer, Language
from services.notifier.messages import catalogue
from services.notifier.messages.render import Voice
from services.notifier.messages.samples import samples
from services.notifier.telling import content_of
from shared.events.answer import Basis, Disposition
from shared.events.catalogue import CaseDecided, Decision

TEXTS = catalogue.load()
VOICE = Voice(TEXTS)
LANGUAGES = list(Language)
AUTOMATIC = FinalAnswer(
    disposition=Disposition.DECLINED,
    basis=Basis.CONTRACT,
    reasons=("own_slip_by_contract",),
    automatic=True,
)


def _say(content: FinalAnswer, language: Language, place: str | None) -> str:
    return VOICE.say(
        content, case_id=uuid4(), name=None, language=language, jurisdiction=place, link="L"
    ).plain


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("place", "law", "named"),
    [
        *(("PL", "eu", "22"), ("de", "eu", "22"), ("IS", "eu", "22"), ("GB", "gb", "22C")),
        *(("UA", "elsewhere", ""), ("US", "elsewhere", ""), (None, "elsewhere", "")),
    ],
)
def test_a_decision_without_a_person_says_so_and_names_the_right_by_the_law_of_the_place(
    language: Language, place: str | None, law: str, named: str
) -> None:
    texts = TEXTS[language].final_answer
    plain = _say(AUTOMATIC, language, place)
    assert f"{texts.automatic.said} {texts.automatic.rights[law]}" in plain
    assert named in texts.automatic.rights[law]
    if law == "elsewhere":
        assert not any(sign.isdigit() for sign in texts.automatic.rights[law])
    # "A person will look at it again" would say that one did before.
    assert texts.review not in plain
    assert plain.index(texts.automatic.said) < plain.index("L#person")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_that_a_person_gave_does_not_say_that_a_program_did(language: Language) -> None:
    texts = TEXTS[language].final_answer
    plain = _say(AUTOMATIC.model_copy(update={"automatic": False}), language, "PL")
    assert texts.automatic.said not in plain
    assert texts.review in plain


@pytest.mark.parametrize(("decided_by", "automatic"), [("policy", True), ("P-12", False)])
def test_the_event_says_whether_a_person_had_a_part_in_it(decided_by: str, automatic: bool) -> None:  # noqa: FBT001 - a value
    decision = Decision(
        disposition=Disposition.UPHELD,
        basis=Basis.ENTITLEMENT,
        reasons=("wrong_fee",),
        rule="entitlement.wrong_fee",
        policy="p",
        decided_by=decided_by,
    )
    found = content_of(
        CaseDecided(
            case_id=uuid4(),
            customer_id="C-1",
            decision=decision,
            language="en",
            decided_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
    )
    assert isinstance(found, FinalAnswer)
    assert found.automatic is automatic


def test_the_gallery_shows_both() -> None:
    answers = [s.content for s in samples() if isinstance(s.content, FinalAnswer)]
    assert {answer.automatic for answer in answers} == {True, False}
