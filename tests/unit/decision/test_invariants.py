"""Invariants of the policy over the whole space of cases, not over examples."""

import subprocess
import sys
from dataclasses import replace
from typing import get_args, get_type_hints

from hypothesis import given
from hypothesis import strategies as st

from services.decision.merits.answers import PolicyDisposition
from services.decision.merits.decide import decide
from services.decision.merits.entitlement import Entitlement, entitlement
from services.decision.merits.known import History, Known
from services.decision.merits.making import Maker
from services.decision.merits.outcome import Asked, Decided, Outcome, Referred, Verifying
from services.decision.policy.loading import load_body
from services.decision.policy.model import Policy, Situation
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.catalogue import CaseClassified, Decision
from shared.events.tags import Conduct, Pressure, conduct
from tests.unit.decision.cases import MakeCase
from tests.unit.decision.spaces import (
    Drawn,
    answer_in,
    histories,
    knowledge,
    manners,
    many,
    matters,
)


def _given(outcome: Outcome) -> int:
    """Order answers by how much more than owed they give."""
    if not isinstance(outcome, Decided):
        return 0
    decision = outcome.answer.decision
    return int(decision.disposition is Disposition.GOODWILL) + sum(
        remedy.share == "goodwill" for remedy in decision.remedies
    )


def _believed(outcome: Outcome) -> int:
    """Order outcomes by how readily the customer is believed."""
    if isinstance(outcome, Decided):
        return 2
    return int(isinstance(outcome, Verifying | Asked))


def _owed(decision: Decision) -> list[Remedy]:
    """Return what does not depend on goodwill."""
    return [remedy for remedy in decision.remedies if remedy.share == "entitlement"]


@many
@given(matter=matters, manner=manners, known=knowledge)
def test_tone_and_pressure_never_change_what_is_owed_nor_its_way(
    make_case: MakeCase, policy: Policy, matter: Drawn, manner: Drawn, known: Known
) -> None:
    polite = decide(make_case(**matter), known, policy)
    other = decide(make_case(**matter, **manner), known, policy)
    decision, same = answer_in(polite).decision, answer_in(other).decision
    assert _owed(same) == _owed(decision)
    if decision.basis not in {Basis.ENTITLEMENT, Basis.TRUST}:
        return
    assert (same.disposition, same.basis) == (decision.disposition, decision.basis)
    assert answer_in(other).cost == answer_in(polite).cost
    if decision.disposition is not Disposition.PARTLY_UPHELD:
        assert same.model_copy(update={"boundary": decision.boundary}) == decision
    if manner["pressure"] is not Pressure.VIOLENCE:
        assert type(other) is type(polite)
        if isinstance(polite, Referred) and isinstance(other, Referred):
            assert (other.queue, other.reason) == (polite.queue, polite.reason)
            assert other.at_once == polite.at_once


@many
@given(matter=matters, manner=manners, known=knowledge, confidence=st.floats(0, 1))
def test_nobody_waits_for_help_that_is_owed_because_of_manners(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: Drawn,
    manner: Drawn,
    known: Known,
    confidence: float,
) -> None:
    polite = decide(make_case(**matter, confidence=confidence), known, policy)
    other = decide(make_case(**matter, **manner, confidence=confidence), known, policy)
    if (
        manner["pressure"] is Pressure.VIOLENCE
        or answer_in(polite).situation is not Situation.THIRD_PARTY
    ):
        return
    assert _at_once(other) == _at_once(polite)


def _at_once(outcome: Outcome) -> list[RemedyKind]:
    """Return the help that the customer has now."""
    remedies = (
        outcome.at_once if isinstance(outcome, Referred) else _owed(answer_in(outcome).decision)
    )
    return [remedy.kind for remedy in remedies if remedy.kind is not RemedyKind.APOLOGY]


@many
@given(matter=matters, manner=manners, confidence=st.floats(0, 1))
def test_no_confidence_changes_the_way_of_what_the_facts_prove(
    make_case: MakeCase, policy: Policy, matter: Drawn, manner: Drawn, confidence: float
) -> None:
    sure = decide(make_case(**matter), Known(), policy)
    other = decide(make_case(**matter, **manner, confidence=confidence), Known(), policy)
    violent = manner["pressure"] is Pressure.VIOLENCE
    if not violent and isinstance(sure, Decided) and sure.answer.proven:
        assert isinstance(other, Decided)
        assert _owed(other.answer.decision) == _owed(sure.answer.decision)


@many
@given(matter=matters, manner=manners, known=knowledge)
def test_nothing_above_the_certificate_is_granted_or_declined_without_a_person(
    make_case: MakeCase, policy: Policy, matter: Drawn, manner: Drawn, known: Known
) -> None:
    case = make_case(**matter, **manner)
    outcome = decide(case, known, policy)
    if not isinstance(outcome, Decided | Verifying):
        return
    answer, limit = outcome.answer, policy.certificates.automatic.per_case
    assert answer.cost is not None
    assert answer.granted <= answer.cost <= limit
    assert known.left_today is None or answer.granted <= known.left_today
    if answer.decision.disposition is Disposition.DECLINED and case.claim and case.claim.amount:
        euros = policy.in_euros(case.claim)
        assert euros is not None
        assert euros <= limit


@many
@given(matter=matters, manner=manners, known=knowledge, more=histories)
def test_more_of_the_past_never_gives_more_nor_is_believed_sooner(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: Drawn,
    manner: Drawn,
    known: Known,
    more: History,
) -> None:
    past = known.history
    worse = History(
        times=past.times + more.times,
        euros=past.euros + more.euros,
        verified=past.verified,
        contradicted=past.contradicted + more.contradicted,
        lately=past.lately + more.lately,
        same_story=past.same_story + more.same_story,
        trusted_unshown=past.trusted_unshown + more.trusted_unshown,
    )
    case = make_case(**matter, **manner)
    before = decide(case, known, policy)
    after = decide(case, known.model_copy(update={"history": worse}), policy)
    assert _given(after) <= _given(before)
    if answer_in(before).decision.basis is Basis.TRUST:
        assert _believed(after) <= _believed(before)


@many
@given(matter=matters, manner=manners, known=knowledge, past=histories)
def test_the_past_never_touches_what_the_facts_show_to_be_owed(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: Drawn,
    manner: Drawn,
    known: Known,
    past: History,
) -> None:
    case = make_case(**matter, **manner)
    outcome = decide(case, known, policy)
    other = decide(case, known.model_copy(update={"history": past}), policy)
    decision = answer_in(outcome).decision
    assert _owed(answer_in(other).decision) == _owed(decision)
    if decision.basis is Basis.ENTITLEMENT and decision.disposition is Disposition.UPHELD:
        assert other == outcome


@many
@given(matter=matters, manner=manners, known=knowledge)
def test_the_boundary_is_stated_exactly_where_conduct_is_unconstructive(
    make_case: MakeCase, policy: Policy, matter: Drawn, manner: Drawn, known: Known
) -> None:
    case = make_case(**matter, **manner)
    decision = answer_in(decide(case, known, policy)).decision
    tags = case.tags
    how = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
    assert decision.boundary is (how is Conduct.UNCONSTRUCTIVE)
    assert RemedyKind.BOUNDARY not in {remedy.kind for remedy in decision.remedies}
    assert decision.recourse
    assert decision.reasons
    assert decision.row
    assert decision.policy == policy.hash
    assert decision.disposition is not Disposition.SERVICE_ENDED


@many
@given(matter=matters, manner=manners, known=knowledge)
def test_what_is_trusted_is_checked_and_costs_less_than_checking(
    make_case: MakeCase, policy: Policy, matter: Drawn, manner: Drawn, known: Known
) -> None:
    outcome = decide(make_case(**matter, **manner), known, policy)
    answer = answer_in(outcome)
    trusted = answer.decision.basis is Basis.TRUST
    assert (answer.scales is not None) is trusted
    if isinstance(outcome, Decided):
        assert outcome.check is trusted
        assert answer.scales is None or answer.scales.trust_now
    if isinstance(outcome, Verifying):
        assert answer.scales is not None
        assert not answer.scales.trust_now
        assert answer.checkable
    if isinstance(outcome, Asked):
        assert not known.asked


@many
@given(matter=matters, manner=manners, known=knowledge)
def test_the_same_policy_and_inputs_give_the_same_bytes_again(
    make_case: MakeCase, policy: Policy, matter: Drawn, manner: Drawn, known: Known
) -> None:
    case = make_case(**matter, **manner)
    once = decide(case, known, policy)
    again = decide(
        CaseClassified.model_validate_json(case.model_dump_json()),
        Known.model_validate_json(known.model_dump_json()),
        load_body(policy.body),
    )
    assert type(again) is type(once)
    assert answer_in(again).decision.model_dump_json() == answer_in(once).decision.model_dump_json()
    assert replace(answer_in(again), decision=answer_in(once).decision) == answer_in(once)


def test_entitlement_cannot_even_import_tone_and_pressure() -> None:
    program = (
        "import sys; import services.decision.merits.entitlement; "
        "sys.exit('shared.events.tags' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - our own
    assert done.returncode == 0


def test_no_outcome_of_entitlement_holds_tone_or_pressure() -> None:
    hints = get_type_hints(entitlement)
    assert set(hints) == {"matter", "return"}
    for kind in (hints["matter"], *get_args(Entitlement)):
        assert not {"tone", "pressure", "conduct", "tags"} & set(get_type_hints(kind))


def test_the_policy_cannot_even_say_that_a_service_ends() -> None:
    possible = set(get_args(PolicyDisposition))
    assert possible == set(Disposition) - {Disposition.SERVICE_ENDED}
    assert get_type_hints(Maker.answer)["disposition"] == PolicyDisposition


def test_there_is_no_basis_deadline() -> None:
    assert "deadline" not in {basis.value for basis in Basis}
