"""Whatever the shipped policy answers, its customer reads why, in words and true figures."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from uuid import uuid4

from services.decision.merits.decide import decide
from services.decision.merits.known import Checked, History, Known
from services.decision.merits.outcome import Decided
from services.decision.policy import loading
from services.notifier.domain import FinalAnswer, Language
from services.notifier.messages.codes import REASONS
from services.notifier.messages.render import Voice
from services.notifier.telling import content_of
from shared.events.base import Money
from shared.events.case import Category, Channel, Facts
from shared.events.catalogue import CaseClassified, CaseDecided, Decision
from shared.events.tags import Fault, FaultTag, Pressure, PressureTag, Tags, Tone, ToneTag

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
DUE = NOW - timedelta(days=10)
FACTS = (
    Facts(),
    Facts(due_at=DUE, paid_at=DUE + timedelta(hours=3)),
    Facts(due_at=DUE, paid_at=DUE + timedelta(days=6)),
    Facts(due_at=DUE, paid_at=DUE - timedelta(hours=3)),
    Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=2)),
    Facts(promised_by=DUE),
    Facts(due_at=DUE, incident="app", incident_from=DUE, incident_to=DUE + timedelta(hours=1)),
    Facts(terms_accepted=True),
    Facts(terms_accepted=False),
    Facts(authorised=False),
)
KNOWN = (
    Known(),
    Known(checked=Checked.VERIFIED),
    Known(asked=True),
    Known(history=History(times=2, euros=Decimal(30))),
)


def _case(category: Category, fault: Fault, tone: Tone, facts: Facts) -> CaseClassified:
    return CaseClassified(
        case_id=uuid4(),
        customer_id="C-1",
        channel=Channel.WEB,
        category=category,
        text="…",
        claim=Money(amount=Decimal("12.50"), currency="PLN"),
        facts=facts,
        received_at=NOW,
        language="pl",
        jurisdiction="PL",
        tags=Tags(
            tone=ToneTag(value=tone, confidence=0.9),
            pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
            fault=FaultTag(value=fault, confidence=0.9),
            language="pl",
            model="test",
        ),
    )


def _decisions() -> Iterator[Decision]:
    policy = loading.load()
    tones = (Tone.COURTEOUS, Tone.ABUSIVE)
    for category, fault, tone, facts, known in product(Category, Fault, tones, FACTS, KNOWN):
        outcome = decide(_case(category, fault, tone, facts), known, policy)
        if isinstance(outcome, Decided):
            yield outcome.answer.decision


def test_every_answer_of_the_policy_names_its_first_reason_and_says_it() -> None:
    voice = Voice.load()
    said: dict[FinalAnswer, str] = {}
    reasons = set()
    for decision in _decisions():
        assert decision.reasons[0] in REASONS, decision.reasons
        reasons |= set(decision.reasons)
        content = content_of(
            CaseDecided(
                case_id=uuid4(), customer_id="C-1", decision=decision, language="en", decided_at=NOW
            )
        )
        assert isinstance(content, FinalAnswer)
        if content not in said:
            message = voice.say(
                content, case_id=uuid4(), name=None, language=Language.EN, jurisdiction="PL"
            )
            said[content] = message.plain
    people_say = {code for code in REASONS if code.startswith("service_ended")}
    assert reasons >= REASONS.keys() - {"staff_conduct", "information"} - people_say
    figures = {
        "own_slip_too_late": "days late. We can make an exception for 3 days",
        "own_slip_repeated": "already made 2 exceptions of this kind",
    }
    for code, words in figures.items():
        texts = [text for one, text in said.items() if one.reasons[:1] == (code,)]
        assert texts
        assert [text for text in texts if words not in text] == []
