"""Backtests: whom a changed policy would treat differently, and what it would cost."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.policy.model import Policy
from services.decision.simulating import (
    Grant,
    Past,
    Report,
    Sample,
    simulate,
    why,
)
from services.decision.treatment import differs
from shared.events.base import Money
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified
from shared.events.tags import Fault, Flag, Tone
from tests.unit.decision.conftest import RECEIVED, MakeCase

LANGUAGES = ("en", "pl", "ru", "uk")


def _with(policy: Policy, **limits: object) -> Policy:
    """Return a policy with other limits of goodwill."""
    return policy.model_copy(update={"goodwill": policy.goodwill.model_copy(update=limits)})


def _slips(make_case: MakeCase, number: int, *, customer: str = "C-1") -> list[Sample]:
    """Return late payments of one customer, a week apart, told politely."""
    return [
        Sample(_late(make_case, RECEIVED + timedelta(weeks=week), customer, week))
        for week in range(number)
    ]


def _late(make_case: MakeCase, received_at: datetime, customer: str, number: int) -> CaseClassified:
    due_at = received_at - timedelta(days=2)
    facts = Facts(due_at=due_at, paid_at=due_at + timedelta(hours=5))
    case = make_case(facts=facts, received_at=received_at)
    return case.model_copy(update={"customer_id": customer, "case_id": UUID(int=number + 1)})


def _moves(report: Report) -> list[tuple[str, str]]:
    return [(change.before.label, change.after.label) for change in report.changes]


def test_a_policy_against_itself_changes_nothing(policy: Policy, make_case: MakeCase) -> None:
    report = simulate(_slips(make_case, 4), policy, policy)
    assert (report.cases, report.changes) == (4, ())
    assert report.before == report.after
    assert report.movers(10) == ()


def test_goodwill_given_in_the_simulation_counts_tomorrow(
    policy: Policy, make_case: MakeCase
) -> None:
    report = simulate(_slips(make_case, 5), policy, _with(policy, times=3))
    # Two are forgiven by the one, three by the other: only the third case differs.
    (change,) = report.changes
    assert change.case.received_at == RECEIVED + timedelta(weeks=2)
    assert (change.before.label, change.after.label) == ("declined", "goodwill")
    assert (change.direction, change.euros) == ("better", Decimal("12.50"))
    assert change.times == (2, 2)


def test_a_later_case_is_told_by_what_each_policy_gave_before(
    policy: Policy, make_case: MakeCase
) -> None:
    report = simulate(_slips(make_case, 3), policy, _with(policy, times=1))
    assert _moves(report) == [("goodwill", "declined")]
    assert report.changes[0].direction == "worse"
    assert report.changes[0].times == (1, 1)


def test_the_order_of_the_lines_does_not_matter(policy: Policy, make_case: MakeCase) -> None:
    cases = _slips(make_case, 5)
    candidate = _with(policy, times=1)
    forth, back = simulate(cases, policy, candidate), simulate(cases[::-1], policy, candidate)
    assert forth == back


def test_goodwill_from_before_the_samples_counts(policy: Policy, make_case: MakeCase) -> None:
    grants = [Grant(RECEIVED - timedelta(days=days), Decimal(10)) for days in (30, 60)]
    past = Past(goodwill={"C-1": grants})
    report = simulate(_slips(make_case, 1), policy, _with(policy, times=3), past)
    assert _moves(report) == [("declined", "goodwill")]


def test_goodwill_of_more_than_a_year_ago_is_forgotten(policy: Policy, make_case: MakeCase) -> None:
    grants = [Grant(RECEIVED - timedelta(days=days), Decimal(10)) for days in (366, 400)]
    report = simulate(
        _slips(make_case, 1), policy, _with(policy, times=0), Past(goodwill={"C-1": grants})
    )
    assert _moves(report) == [("goodwill", "declined")]


def test_the_recorded_count_of_goodwill_is_not_used(policy: Policy, make_case: MakeCase) -> None:
    (sample,) = _slips(make_case, 1)
    recorded = Sample(sample.case, Known(history=History(times=9, euros=Decimal(199))))
    report = simulate([recorded], policy, _with(policy, times=0))
    assert _moves(report) == [("goodwill", "declined")]


def test_what_a_policy_cannot_change_is_taken_from_the_record(
    policy: Policy, make_case: MakeCase
) -> None:
    case = make_case(fault=Fault.COMPANY, category=Category.FEE_DISPUTE, claim=("40", "EUR"))
    doubted = Sample(case, Known(history=History(contradicted=9)))
    report = simulate([doubted], policy, policy)
    assert report.before.decided == 0
    assert simulate([Sample(case)], policy, policy).before.decided == 1


def test_a_burst_among_the_samples_counts_under_each_policy(
    policy: Policy, make_case: MakeCase
) -> None:
    def claimed(hour: int) -> Sample:
        case = make_case(
            fault=Fault.COMPANY,
            category=Category.FEE_DISPUTE,
            claim=("90", "EUR"),
            received_at=RECEIVED + timedelta(hours=hour),
        )
        return Sample(case.model_copy(update={"case_id": UUID(int=hour + 1)}))

    lately = policy.abuse.lately.model_copy(update={"cases": 3})
    abuse = policy.abuse.model_copy(update={"lately": lately})
    candidate = policy.model_copy(update={"abuse": abuse})
    report = simulate([claimed(hour) for hour in range(5)], policy, candidate)
    assert _moves(report) == [("upheld", "verifying (review)")] * 2


def test_goodwill_and_entitlement_cost_apart(policy: Policy, make_case: MakeCase) -> None:
    slip = _slips(make_case, 1)
    paid = Facts(authorised=False)
    owed = make_case(facts=paid, claim=("40", "EUR"), fault=Fault.THIRD_PARTY)
    other = owed.model_copy(update={"case_id": UUID(int=99), "customer_id": "C-2"})
    report = simulate([*slip, Sample(other)], policy, _with(policy, times=0))
    assert (report.before.entitlement, report.before.goodwill) == (Decimal(40), Decimal("12.50"))
    assert (report.after.entitlement, report.after.goodwill) == (Decimal(40), Decimal(0))


def test_fees_waived_for_anothers_fault_cost_goodwill_and_the_help_is_owed(
    policy: Policy, make_case: MakeCase
) -> None:
    case = make_case(fault=Fault.THIRD_PARTY, category=Category.CARD_PROBLEM)
    costs = simulate([Sample(case)], policy, policy).before
    assert (costs.entitlement, costs.goodwill) == (Decimal(12), Decimal(10))


def test_what_waits_for_a_person_costs_nothing_yet(policy: Policy, make_case: MakeCase) -> None:
    case = make_case(facts=Facts(authorised=False), claim=("5000", "EUR"))
    costs = simulate([Sample(case)], policy, policy).before
    assert (costs.decided, costs.entitlement, costs.waiting) == (0, Decimal(0), Decimal(5000))


def test_changes_are_counted_by_language_and_flag(policy: Policy, make_case: MakeCase) -> None:
    first, second = _slips(make_case, 2)
    english = first.case.model_copy(update={"language": "en", "customer_id": "C-2"})
    vulnerable = make_case(flags=(Flag.VULNERABLE,)).tags
    frail = second.case.model_copy(update={"tags": vulnerable})
    report = simulate([Sample(english), Sample(frail)], policy, _with(policy, times=0))
    assert {name: one.changed for name, one in report.languages.items()} == {"en": 1, "pl": 1}
    assert (report.flags["vulnerable"].cases, report.flags["vulnerable"].worse) == (1, 1)


def test_the_biggest_movers_lead(policy: Policy, make_case: MakeCase) -> None:
    samples = []
    for number, amount in enumerate(("5", "60", "20")):
        case = _late(make_case, RECEIVED, f"C-{number}", number)
        claim = Money(amount=Decimal(amount), currency="EUR")
        samples.append(Sample(case.model_copy(update={"claim": claim})))
    movers = simulate(samples, policy, _with(policy, times=0)).movers(2)
    assert [change.case.customer_id for change in movers] == ["C-1", "C-2"]
    assert [change.euros for change in movers] == [Decimal(-60), Decimal(-20)]


def test_a_mover_says_why(policy: Policy, make_case: MakeCase) -> None:
    (change,) = simulate(_slips(make_case, 1), policy, _with(policy, times=0)).changes
    assert "own_slip_forgiven" in why(change)
    assert "own_slip_by_contract" in why(change)


def test_other_names_of_rules_are_no_difference_and_other_money_is(
    policy: Policy, make_case: MakeCase
) -> None:
    case = _late(make_case, RECEIVED, "C-1", 0)
    outcome = decide(case, Known(), policy)
    more = Money(amount=Decimal(13), currency="EUR")
    assert not differs(outcome, decide(case, Known(asked=True), policy))
    assert differs(outcome, decide(case.model_copy(update={"claim": more}), Known(), policy))


@given(seed=st.integers(0, 10_000), times=st.integers(0, 4))
def test_the_counts_add_up(policy: Policy, make_case: MakeCase, seed: int, times: int) -> None:
    samples = list(_generated(make_case, 40, seed))
    report = simulate(samples, policy, _with(policy, times=times))
    assert sum(one.cases for one in report.languages.values()) == report.cases == 40
    assert sum(one.changed for one in report.languages.values()) == len(report.changes)
    assert sum(report.moves.values()) == len(report.changes)
    gained = sum((change.euros for change in report.changes), Decimal(0))
    after = report.after.entitlement + report.after.goodwill
    assert after - report.before.entitlement - report.before.goodwill == gained


@given(seed=st.integers(0, 10_000))
def test_a_milder_limit_of_goodwill_never_touches_what_is_owed(
    policy: Policy, make_case: MakeCase, seed: int
) -> None:
    samples = list(_generated(make_case, 40, seed))
    report = simulate(samples, policy, _with(policy, times=5, total=Decimal(1000)))
    assert report.after.entitlement >= report.before.entitlement
    assert all(change.direction != "worse" for change in report.changes)


@pytest.mark.timeout(60)
def test_ten_thousand_cases_are_simulated_in_one_run(policy: Policy, make_case: MakeCase) -> None:
    samples = list(_generated(make_case, 10_000, 1))
    candidate = _with(policy, times=1)
    report = simulate(samples, policy, candidate)
    assert report.cases == 10_000
    assert report.changes


def _generated(make_case: MakeCase, number: int, seed: int) -> Iterator[Sample]:
    """Make up cases of a few hundred customers over a year, by all categories and faults."""
    dice = random.Random(seed)
    for n in range(number):
        received_at = RECEIVED - timedelta(minutes=dice.randrange(60 * 24 * 365))
        case = make_case(
            fault=dice.choice(list(Fault)),
            tone=dice.choice(list(Tone)),
            category=dice.choice(list(Category)),
            flags=tuple(flag for flag in Flag if dice.random() < 0.05),
            claim=dice.choice((None, ("12.50", "EUR"), ("60", "PLN"), ("900", "EUR"))),
            facts=dice.choice((Facts(), _paid_late(received_at), Facts(authorised=False))),
            received_at=received_at,
        )
        identity = {
            "case_id": UUID(int=n),
            "customer_id": f"C-{dice.randrange(1 + number // 4)}",
            "language": dice.choice(LANGUAGES),
        }
        yield Sample(case.model_copy(update=identity))


def _paid_late(received_at: datetime) -> Facts:
    due_at = received_at - timedelta(days=3)
    return Facts(due_at=due_at, paid_at=due_at + timedelta(hours=9))
