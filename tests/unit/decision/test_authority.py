"""Authority: who may grant how much alone, and what takes two."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.merits.authority import (
    Allowed,
    Beyond,
    NeedsSecond,
    is_sampled,
    may_grant,
    needs_second,
    role_for,
)
from services.decision.policy.certificates import Role
from services.decision.policy.model import Policy, Situation
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import Decision

NOTHING = Decimal(0)
SLIP = Situation.OWN_SLIP
amounts = st.decimals(0, 20000, places=2)


def _decision(disposition: Disposition, euros: str | None = None) -> Decision:
    money = None if euros is None else Money(amount=Decimal(euros), currency="EUR")
    remedies = () if euros is None else (Remedy(kind=RemedyKind.REFUND, money=money),)
    return Decision(
        disposition=disposition,
        basis=Basis.PERSON,
        remedies=remedies,
        reasons=("heard",),
        rule="person",
        policy="sha256:0",
    )


@pytest.mark.parametrize(
    ("role", "euros", "answer"),
    [
        (Role.CLERK, "300", Allowed()),
        (Role.CLERK, "300.01", Beyond("above_the_certificate")),
        (Role.SENIOR, "1500", Allowed()),
        (Role.SENIOR, "1500.01", Beyond("above_the_certificate")),
        (Role.HEAD, "9999.99", Allowed()),
        (Role.HEAD, "10000", NeedsSecond("two_people_from")),
        (Role.HEAD, "10000.01", Beyond("above_the_certificate")),
        (Role.EXECUTIVE, "9999.99", Allowed()),
        (Role.EXECUTIVE, "1000000", NeedsSecond("two_people_from")),
    ],
)
def test_each_role_grants_up_to_its_certificate(
    policy: Policy, role: Role, euros: str, answer: object
) -> None:
    assert may_grant(role, Decimal(euros), NOTHING, SLIP, policy) == answer


def test_a_month_has_its_limit(policy: Policy) -> None:
    spent = Decimal(5900)
    assert may_grant(Role.CLERK, Decimal(100), spent, SLIP, policy) == Allowed()
    beyond = may_grant(Role.CLERK, Decimal("100.01"), spent, SLIP, policy)
    assert beyond == Beyond("above_the_months_certificate")
    assert may_grant(Role.EXECUTIVE, Decimal(100), Decimal(10**9), SLIP, policy) == Allowed()


def test_a_situation_may_have_a_narrower_limit(policy: Policy) -> None:
    stolen = Situation.UNAUTHORISED_PAYMENT
    assert may_grant(Role.CLERK, Decimal(150), NOTHING, stolen, policy) == Allowed()
    assert isinstance(may_grant(Role.CLERK, Decimal(151), NOTHING, stolen, policy), Beyond)
    assert role_for(Decimal(151), stolen, policy) is Role.SENIOR


@given(euros=amounts, spent=amounts, situation=st.sampled_from(Situation))
def test_a_higher_role_may_grant_whatever_a_lower_one_may(
    policy: Policy, euros: Decimal, spent: Decimal, situation: Situation
) -> None:
    answers = [may_grant(role, euros, spent, situation, policy) for role in Role]
    beyond = [isinstance(answer, Beyond) for answer in answers]
    assert beyond == sorted(beyond, reverse=True)
    assert not beyond[-1]


@given(euros=amounts, situation=st.sampled_from(Situation))
def test_the_lowest_role_is_named_that_covers_a_case(
    policy: Policy, euros: Decimal, situation: Situation
) -> None:
    role = role_for(euros, situation, policy)
    assert role is not None
    for each in Role:
        covers = not isinstance(may_grant(each, euros, NOTHING, situation, policy), Beyond)
        assert covers is (list(Role).index(each) >= list(Role).index(role))


@given(role=st.sampled_from(Role), euros=amounts, spent=amounts)
def test_from_ten_thousand_on_nobody_grants_alone(
    policy: Policy, role: Role, euros: Decimal, spent: Decimal
) -> None:
    alone = may_grant(role, euros, spent, SLIP, policy) == Allowed()
    assert not (alone and euros >= 10000)


@pytest.mark.parametrize(
    ("proposal", "decision", "reason"),
    [
        (_decision(Disposition.UPHELD, "50"), _decision(Disposition.UPHELD, "50"), None),
        (_decision(Disposition.UPHELD, "50"), _decision(Disposition.UPHELD, "90"), None),
        (
            _decision(Disposition.UPHELD, "50"),
            _decision(Disposition.UPHELD, "49.99"),
            "gives_less_than_proposed",
        ),
        (
            _decision(Disposition.GOODWILL, "50"),
            _decision(Disposition.DECLINED),
            "refuses_what_is_proposed",
        ),
        (_decision(Disposition.DECLINED), _decision(Disposition.DECLINED), None),
        (_decision(Disposition.DECLINED), _decision(Disposition.GOODWILL, "20"), None),
        (
            _decision(Disposition.DECLINED, "5"),
            _decision(Disposition.DECLINED),
            "gives_less_than_proposed",
        ),
        (None, _decision(Disposition.GOODWILL, "20"), None),
        (None, _decision(Disposition.DECLINED), "refuses_without_a_proposal"),
        (
            _decision(Disposition.DECLINED),
            _decision(Disposition.SERVICE_ENDED),
            "ends_the_service",
        ),
    ],
)
def test_giving_needs_nobody_and_taking_away_needs_a_second_person(
    policy: Policy, proposal: Decision | None, decision: Decision, reason: str | None
) -> None:
    assert needs_second(proposal, decision, policy) == reason


def test_the_sample_is_a_share_of_all_cases_and_the_same_each_time(policy: Policy) -> None:
    ids = [UUID(int=number * 7919) for number in range(20000)]
    drawn = [each for each in ids if is_sampled(each, policy)]
    assert 300 < len(drawn) < 500
    assert drawn == [each for each in ids if is_sampled(each, policy)]
    everything = policy.model_copy(update={"sample_share": Decimal(1)})
    assert all(is_sampled(each, everything) for each in ids[:100])
    nothing = policy.model_copy(update={"sample_share": Decimal(0)})
    assert not any(is_sampled(each, nothing) for each in ids[:100])
