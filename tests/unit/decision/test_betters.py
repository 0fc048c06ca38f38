"""Later messages and later decisions: what is kept, what is better, what is worse."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from services.decision.merits.betters import is_better, is_worse, merge
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.case import Category, Facts
from shared.events.catalogue import Decision
from shared.events.tags import Evidence, Fault, Flag, Pressure, Tone
from tests.unit.decision.cases import DUE, MakeCase

moneys = st.none() | st.builds(
    Money,
    amount=st.integers(0, 40).map(Decimal),
    currency=st.sampled_from(["EUR", "PLN", "JPY"]),
)
remedies = st.builds(Remedy, kind=st.sampled_from(RemedyKind), money=moneys)
decisions = st.builds(
    Decision,
    disposition=st.sampled_from(Disposition),
    basis=st.sampled_from(Basis),
    remedies=st.lists(remedies, max_size=3).map(tuple),
    reasons=st.just(("x",)),
    rule=st.just("x"),
    policy=st.just("sha256:0"),
)
some = settings(max_examples=300)


def _decision(disposition: Disposition, *given: tuple[RemedyKind, str | None]) -> Decision:
    return Decision(
        disposition=disposition,
        basis=Basis.ENTITLEMENT,
        remedies=tuple(
            Remedy(
                kind=kind,
                money=None if sum_ is None else Money(amount=Decimal(sum_), currency="EUR"),
            )
            for kind, sum_ in given
        ),
        reasons=("x",),
        rule="x",
        policy="sha256:0",
    )


@some
@given(one=decisions)
def test_no_decision_is_better_or_worse_than_itself(policy: Policy, one: Decision) -> None:
    assert not is_better(one, one, policy)
    assert not is_worse(one, one, policy)


@some
@given(one=decisions, other=decisions)
def test_better_is_never_worse_and_never_both_ways(
    policy: Policy, one: Decision, other: Decision
) -> None:
    if is_better(one, other, policy):
        assert not is_worse(one, other, policy)
        assert is_worse(other, one, policy)
        assert not is_better(other, one, policy)


@some
@given(one=decisions, two=decisions, three=decisions)
def test_better_than_a_better_one_is_better(
    policy: Policy, one: Decision, two: Decision, three: Decision
) -> None:
    if is_better(one, two, policy) and is_better(two, three, policy):
        assert is_better(one, three, policy)


def test_who_loses_the_grace_period_is_worse_off_although_no_money_is_lost(policy: Policy) -> None:
    waived = (RemedyKind.FEE_WAIVER, "5")
    old = _decision(Disposition.GOODWILL, (RemedyKind.RESTORED_GRACE, None), waived)
    new = _decision(Disposition.GOODWILL, waived)
    assert is_worse(new, old, policy)
    assert is_better(old, new, policy)


@some
@given(one=decisions, more=remedies)
def test_a_remedy_more_is_never_worse_and_a_remedy_less_never_better(
    policy: Policy, one: Decision, more: Remedy
) -> None:
    richer = one.model_copy(update={"remedies": (*one.remedies, more)})
    assert not is_worse(richer, one, policy)
    assert not is_better(one, richer, policy)


def test_ending_the_service_is_worse_than_anything(policy: Policy) -> None:
    ended = _decision(Disposition.SERVICE_ENDED, (RemedyKind.REFUND, "999"))
    assert is_worse(ended, _decision(Disposition.DECLINED), policy)


def test_what_counts_is_what_the_customer_gets(policy: Policy) -> None:
    waived = _decision(Disposition.GOODWILL, (RemedyKind.FEE_WAIVER, "12"))
    paid_back = _decision(Disposition.UPHELD, (RemedyKind.REFUND, "12"), (RemedyKind.CREDIT, "5"))
    assert is_better(paid_back, waived, policy)
    less = _decision(Disposition.UPHELD, (RemedyKind.REFUND, "11"))
    assert is_worse(less, waived, policy)
    without_words = _decision(Disposition.UPHELD, (RemedyKind.REFUND, "12"))
    words = _decision(Disposition.UPHELD, (RemedyKind.REFUND, "12"), (RemedyKind.APOLOGY, None))
    assert not is_better(words, without_words, policy)
    assert not is_worse(without_words, words, policy)


def test_new_facts_win_and_old_facts_stay(make_case: MakeCase) -> None:
    before = make_case(facts=Facts(due_at=DUE, terms_accepted=True, other={"a": 1}))
    message = make_case(facts=Facts(paid_at=DUE, terms_accepted=False, other={"b": 2}))
    facts = merge(before, message).facts
    assert (facts.due_at, facts.paid_at, facts.terms_accepted) == (DUE, DUE, False)
    assert facts.other == {"a": 1, "b": 2}


def test_flags_add_up_and_the_newest_manner_counts(make_case: MakeCase) -> None:
    before = make_case(flags=(Flag.VULNERABLE,), tone=Tone.ABUSIVE, pressure=Pressure.LEVERAGE)
    merged = merge(before, make_case(flags=(Flag.LEGAL,)))
    assert {flag.value for flag in merged.tags.flags} == {Flag.VULNERABLE, Flag.LEGAL}
    assert merged.tags.tone.value is Tone.COURTEOUS
    assert merged.tags.pressure.value is Pressure.NONE


def test_fault_is_the_newest_that_is_not_unclear(make_case: MakeCase) -> None:
    company, customer = make_case(fault=Fault.COMPANY), make_case(fault=Fault.CUSTOMER)
    unclear = make_case(fault=Fault.UNCLEAR)
    assert merge(company, unclear).tags.fault.value is Fault.COMPANY
    assert merge(company, customer).tags.fault.value is Fault.CUSTOMER
    assert merge(unclear, unclear).tags.fault.value is Fault.UNCLEAR


def test_evidence_of_an_earlier_message_points_nowhere_in_the_new_one(
    make_case: MakeCase,
) -> None:
    spans = [
        Evidence(target=target, value="x", source="rule:x", start=0, end=3)
        for target in ("tone", "fault", "flags")
    ]
    first = make_case(fault=Fault.COMPANY)
    first = first.model_copy(
        update={"tags": first.tags.model_copy(update={"evidence": tuple(spans)})}
    )
    kept = merge(first, make_case(fault=Fault.UNCLEAR)).tags.evidence
    assert [(each.target, each.start, each.end) for each in kept] == [
        ("flags", None, None),
        ("fault", None, None),
    ]


def test_the_case_keeps_its_identity_its_claim_and_its_day(make_case: MakeCase) -> None:
    before = make_case(category=Category.FEE_DISPUTE)
    before = before.model_copy(update={"accepted_at": before.received_at + timedelta(hours=1)})
    later = before.received_at + timedelta(days=3)
    message = make_case(category=Category.OTHER, claim=None, jurisdiction=None, received_at=later)
    merged = merge(before, message.model_copy(update={"sequence": 2, "accepted_at": later}))
    assert merged.received_at == before.received_at
    assert merged.accepted_at == before.accepted_at
    assert (merged.claim, merged.category) == (before.claim, Category.FEE_DISPUTE)
    assert (merged.jurisdiction, merged.sequence) == ("PL", 2)
    raised = merge(before, make_case(claim=("99", "EUR")))
    assert raised.claim is not None
    assert raised.claim.amount == Decimal(99)


def test_what_happened_since_moves_the_day_on(make_case: MakeCase) -> None:
    before = make_case()
    later = before.received_at + timedelta(days=3)
    message = make_case(
        facts=Facts(paid_at=before.received_at + timedelta(days=1)), received_at=later
    )
    assert merge(before, message).received_at == later
