"""The stories that the system was made for, told as they happened."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from services.decision.merits.answers import Answer, PolicyDisposition
from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Decided, Outcome, Referred, Verifying
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import Decision, Queue
from shared.events.tags import Fault, Flag, Pressure, Tone
from tests.unit.decision.cases import DUE, MakeCase

GRACE = Facts(due_at=DUE, paid_at=DUE + timedelta(hours=3))
RUDE = {"tone": Tone.RUDE, "pressure": Pressure.LEVERAGE}


def _decided(outcome: Outcome) -> Answer:
    assert isinstance(outcome, Decided), outcome
    return outcome.answer


def _kinds(decision: Decision) -> list[RemedyKind]:
    return [remedy.kind for remedy in decision.remedies]


def test_seed_000_wrong_dates_on_terms_that_were_accepted_told_politely(
    make_case: MakeCase, policy: Policy
) -> None:
    """Booked the 27th instead of the 28th on a non-refundable tariff, and asks."""
    booked = make_case(
        category=Category.BOOKING_CHANGE, facts=Facts(terms_accepted=True), claim=("180", "EUR")
    )
    decision = _decided(decide(booked, Known(), policy)).decision
    assert (decision.disposition, decision.basis) == (Disposition.GOODWILL, Basis.GOODWILL)
    assert _kinds(decision) == [RemedyKind.ALTERNATIVE, RemedyKind.FEE_WAIVER]
    assert decision.reasons == ("terms_accepted",)


def test_seed_000_wrong_dates_on_terms_that_were_accepted_and_a_scandal(
    make_case: MakeCase, policy: Policy
) -> None:
    """The same, and threatens the hotel and the site with a scandal."""
    booked = make_case(
        category=Category.BOOKING_CHANGE,
        facts=Facts(terms_accepted=True),
        claim=("80", "EUR"),
        **RUDE,
    )
    decision = _decided(decide(booked, Known(), policy)).decision
    assert (decision.disposition, decision.basis) == (Disposition.DECLINED, Basis.CONTRACT)
    assert decision.remedies == ()
    assert decision.boundary
    assert decision.recourse


def test_seed_000_a_missed_grace_period_told_politely(make_case: MakeCase, policy: Policy) -> None:
    """Thought that the month has 31 days and topped up some hours late."""
    decision = _decided(decide(make_case(facts=GRACE), Known(), policy)).decision
    assert (decision.disposition, decision.basis) == (Disposition.GOODWILL, Basis.GOODWILL)
    assert _kinds(decision) == [RemedyKind.RESTORED_GRACE, RemedyKind.FEE_WAIVER]
    assert not decision.boundary


def test_seed_000_a_missed_grace_period_and_threats(make_case: MakeCase, policy: Policy) -> None:
    """The same, and threatens to close the account and to go to the press."""
    decision = _decided(decide(make_case(facts=GRACE, **RUDE), Known(), policy)).decision
    assert (decision.disposition, decision.basis) == (Disposition.DECLINED, Basis.CONTRACT)
    assert decision.boundary
    assert decision.recourse


@pytest.mark.parametrize("how", [{}, RUDE, {"tone": Tone.ABUSIVE}])
def test_the_shoe_repair_that_was_promised_in_three_days(
    make_case: MakeCase, policy: Policy, how: dict[str, object]
) -> None:
    """The promise was broken: made good, sorry, and a little more than expected."""
    facts = Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=4))
    case = make_case(
        fault=Fault.COMPANY,
        category=Category.PROMISE_BROKEN,
        facts=facts,
        claim=("30", "EUR"),
        **how,
    )
    answer = _decided(decide(case, Known(), policy))
    decision = answer.decision
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    assert RemedyKind.APOLOGY in _kinds(decision)
    sums = {remedy.kind: remedy.money for remedy in decision.remedies if remedy.money is not None}
    assert sums[RemedyKind.REFUND].amount == Decimal(30)
    more = policy.in_euros(sums[RemedyKind.CREDIT])
    assert more is not None
    assert 0 < more <= 10
    assert answer.cause == "broken_promise:promise_broken"
    assert [remedy.kind for remedy in decision.options] == [RemedyKind.ALTERNATIVE]


def test_the_courier_who_mixed_up_addresses_and_the_customer_who_insulted_him(
    make_case: MakeCase, policy: Policy
) -> None:
    """The error is made good, the boundary is stated, and no program ends the service."""
    facts = Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=1))
    told = {"fault": Fault.COMPANY, "category": Category.SERVICE_DELAY, "facts": facts}
    insulted = decide(make_case(**told, tone=Tone.ABUSIVE), Known(), policy)
    calm = decide(make_case(**told), Known(), policy)
    decision = _decided(insulted).decision
    assert decision.boundary
    assert decision.model_copy(update={"boundary": False}) == _decided(calm).decision
    assert Disposition.SERVICE_ENDED not in get_args(PolicyDisposition)


def test_the_courier_story_with_a_threat_goes_to_people(
    make_case: MakeCase, policy: Policy
) -> None:
    """Harm held out to an employee is a person's, and so is whatever follows from it."""
    facts = Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=1))
    case = make_case(
        fault=Fault.COMPANY,
        category=Category.SERVICE_DELAY,
        facts=facts,
        pressure=Pressure.VIOLENCE,
        flags=(Flag.SAFETY,),
    )
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.priority) == (Queue.SAFETY, 0)
    assert outcome.at_once == ()
    assert outcome.proposal is not None
    assert outcome.proposal.decision.disposition is Disposition.UPHELD


def test_the_polish_deadline_a_small_claim_is_granted_now_and_not_checked_to_death(
    make_case: MakeCase, policy: Policy
) -> None:
    """Checking costs more than believing: granted at once, checked in the background."""
    case = make_case(fault=Fault.COMPANY, category=Category.PAYMENT_FAILED, claim=("120", "PLN"))
    outcome = decide(case, Known(), policy)
    answer = _decided(outcome)
    assert isinstance(outcome, Decided)
    assert outcome.check
    assert answer.decision.basis is Basis.TRUST
    assert answer.scales is not None
    assert answer.scales.expected_loss == Decimal("1.2")
    assert answer.scales.cost_of_checking == Decimal("4.5")


def test_the_polish_deadline_decides_nothing(make_case: MakeCase, policy: Policy) -> None:
    """A case of years ago, past every deadline, is decided as one of today."""
    today, long_ago = (
        decide(
            make_case(fault=Fault.COMPANY, claim=("120", "PLN"), received_at=received),
            Known(),
            policy,
        )
        for received in (
            datetime(2026, 11, 25, tzinfo=UTC),
            datetime(2019, 11, 25, tzinfo=UTC),
        )
    )
    assert today == long_ago


def test_the_polish_deadline_a_doubtful_claim_is_checked_first_and_fast(
    make_case: MakeCase, policy: Policy
) -> None:
    """Where believing is dearer the bank's systems are asked, and a person is not."""
    doubtful = Known(history=History(contradicted=4))
    case = make_case(fault=Fault.COMPANY, category=Category.PAYMENT_FAILED, claim=("380", "PLN"))
    outcome = decide(case, doubtful, policy)
    assert isinstance(outcome, Verifying)
    assert outcome.answer.decision.disposition is Disposition.UPHELD
