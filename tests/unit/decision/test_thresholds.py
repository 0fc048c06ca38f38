"""How sure a tag must be, value by value: doubt brings a person, and costs nobody anything else."""

from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.merits.betters import is_worse
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Decided, Referred
from services.decision.policy.model import Policy
from services.decision.policy.thresholds import (
    FaultThresholds,
    PressureThresholds,
    Thresholds,
    ToneThresholds,
)
from shared.events.catalogue import CaseClassified, Queue
from shared.events.tags import Fault, Pressure, Tone
from tests.unit.decision.cases import LATE, MakeCase
from tests.unit.decision.spaces import Drawn, answer_in, knowledge, manners, many, matters

LITTLE = 0.01
TARGETS: dict[str, type[StrEnum]] = {"fault": Fault, "tone": Tone, "pressure": Pressure}
chances = st.floats(0, 1)
bounds = st.fixed_dictionaries(
    {
        target: st.fixed_dictionaries({str(value): chances for value in values})
        for target, values in TARGETS.items()
    }
)
confidences = st.fixed_dictionaries(dict.fromkeys(TARGETS, chances))
Bounds = dict[str, dict[str, float]]


def asking(policy: Policy, wanted: Bounds) -> Policy:
    """Return the policy with other thresholds."""
    return policy.model_copy(update={"confidence": Thresholds.model_validate(wanted)})


def sure_of(case: CaseClassified, confidence: dict[str, float]) -> CaseClassified:
    """Return the case with another confidence for each tag."""
    tags = {
        target: getattr(case.tags, target).model_copy(update={"confidence": sure})
        for target, sure in confidence.items()
    }
    return case.model_copy(update={"tags": case.tags.model_copy(update=tags)})


@pytest.mark.parametrize(
    ("bounds_of", "values"),
    [(FaultThresholds, Fault), (ToneThresholds, Tone), (PressureThresholds, Pressure)],
)
def test_every_value_of_a_tag_has_a_threshold(
    bounds_of: type[FaultThresholds | ToneThresholds | PressureThresholds], values: type[StrEnum]
) -> None:
    assert list(bounds_of.model_fields) == list(values)


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_is_held_to_its_own_threshold(
    make_case: MakeCase, policy: Policy, fault: Fault
) -> None:
    bound = policy.confidence.fault.of(fault)
    facts = {} if fault in {Fault.COMPANY, Fault.THIRD_PARTY} else {"facts": LATE}
    case = make_case(fault=fault, **facts)
    enough = decide(sure_of(case, {"fault": bound}), Known(), policy)
    assert isinstance(enough, Decided)
    guess = decide(sure_of(case, {"fault": bound - LITTLE}), Known(), policy)
    assert isinstance(guess, Referred)
    assert guess.reason == "fault_uncertain"
    assert answer_in(guess) == enough.answer


@pytest.mark.parametrize(
    ("target", "value"), [("tone", Tone.RUDE), ("tone", Tone.ABUSIVE), ("pressure", "leverage")]
)
def test_a_slip_is_refused_for_conduct_only_above_the_threshold_of_what_was_heard(
    make_case: MakeCase, policy: Policy, target: str, value: str
) -> None:
    case = make_case(facts=LATE, **{target: value})
    bound = getattr(policy.confidence, target).of(value)
    refused = decide(sure_of(case, {target: bound}), Known(), policy)
    assert isinstance(refused, Decided)
    assert refused.answer.decision.reasons == ("own_slip_by_contract",)
    guess = decide(sure_of(case, {target: bound - LITTLE}), Known(), policy)
    assert isinstance(guess, Referred)
    assert guess.reason == "conduct_uncertain"


@many
@given(
    matter=matters, manner=manners, known=knowledge, confidence=confidences, low=bounds, more=bounds
)
def test_a_higher_threshold_only_moves_cases_to_people(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: Drawn,
    manner: Drawn,
    known: Known,
    confidence: dict[str, float],
    low: Bounds,
    more: Bounds,
) -> None:
    high = {
        target: {value: max(bound, more[target][value]) for value, bound in values.items()}
        for target, values in low.items()
    }
    case = sure_of(make_case(**matter, **manner), confidence)
    before = decide(case, known, asking(policy, low))
    after = decide(case, known, asking(policy, high))
    if isinstance(after, Referred):
        return
    assert type(after) is type(before), "nothing that a person had is decided, nothing is slower"
    assert not is_worse(answer_in(after).decision, answer_in(before).decision, policy)
    assert answer_in(after).cost == answer_in(before).cost


@many
@given(
    matter=matters, manner=manners, known=knowledge, confidence=confidences, one=bounds, two=bounds
)
def test_only_the_thresholds_of_the_values_that_were_heard_count(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: Drawn,
    manner: Drawn,
    known: Known,
    confidence: dict[str, float],
    one: Bounds,
    two: Bounds,
) -> None:
    case = sure_of(make_case(**matter, **manner), confidence)
    heard = {target: getattr(case.tags, target).value for target in TARGETS}
    same = {target: {**two[target], heard[target]: one[target][heard[target]]} for target in one}
    assert decide(case, known, asking(policy, same)) == decide(case, known, asking(policy, one))


@many
@given(
    matter=matters,
    known=knowledge,
    tone=st.sampled_from([Tone.COURTEOUS, Tone.UPSET]),
    pressure=st.sampled_from([Pressure.NONE, Pressure.RECOURSE]),
    confidence=chances,
)
def test_doubt_about_good_manners_moves_no_case(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: Drawn,
    known: Known,
    tone: Tone,
    pressure: Pressure,
    confidence: float,
) -> None:
    case = make_case(**matter, tone=tone, pressure=pressure)
    doubted = sure_of(case, {"tone": confidence, "pressure": confidence})
    assert decide(doubted, known, policy) == decide(case, known, policy)


@many
@given(matter=matters, known=knowledge, tone=st.sampled_from(Tone), sure=chances, wanted=bounds)
def test_violence_is_a_persons_however_sure_it_is_and_whatever_the_thresholds(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: Drawn,
    known: Known,
    tone: Tone,
    sure: float,
    wanted: Bounds,
) -> None:
    case = make_case(**matter, tone=tone, pressure=Pressure.VIOLENCE)
    outcome = decide(sure_of(case, {"pressure": sure}), known, asking(policy, wanted))
    assert isinstance(outcome, Referred)
    assert outcome.queue in {Queue.SPECIALIST, Queue.SAFETY}
    assert outcome.at_once == ()


def test_a_surer_blame_is_asked_of_the_customer_than_of_the_bank(policy: Policy) -> None:
    fault = policy.confidence.fault
    assert fault.company < min(fault.customer, fault.third_party, fault.shared)


def test_one_number_stands_for_all_values_and_conduct_for_tone_and_pressure() -> None:
    old = Thresholds.model_validate({"fault": Decimal("0.45"), "conduct": "0.6"})
    assert dict(old.fault) == dict.fromkeys(Fault, 0.45)
    assert dict(old.tone) == dict.fromkeys(Tone, 0.6)
    assert dict(old.pressure) == dict.fromkeys(Pressure, 0.6)


def test_a_value_that_is_left_out_needs_what_the_policy_says_of_it() -> None:
    given_ = {"fault": {"company": "0.3"}, "tone": {}, "pressure": 0}
    read = Thresholds.model_validate(given_)
    assert (read.fault.company, read.fault.shared, read.tone.rude) == (0.3, 0.6, 0.6)
    assert set(dict(read.pressure).values()) == {0.0}
