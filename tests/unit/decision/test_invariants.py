"""Invariants of the policy over the whole space of cases, not over examples."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.decision.decide import Decided, Outcome, decide
from services.decision.entitlement import Entitlement, entitlement
from services.decision.goodwill import History
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, Remedy
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, Decision
from shared.events.tags import Fault, Flag, Pressure, Tone

MakeCase = Callable[..., CaseClassified]
WHEN = datetime(2026, 11, 1, tzinfo=UTC)
instants = st.none() | st.integers(-400, 24).map(lambda days: WHEN + timedelta(days=days, hours=3))
truths = st.none() | st.booleans()
facts = st.builds(
    Facts,
    due_at=instants,
    paid_at=instants,
    promised_by=instants,
    delivered_at=instants,
    terms_accepted=truths,
    authorised=truths,
    incident=st.none() | st.just("INC-1"),
    incident_from=instants,
    incident_to=instants,
)
matters = st.fixed_dictionaries(
    {
        "fault": st.sampled_from(Fault),
        "category": st.sampled_from(Category),
        "facts": facts,
        "claim": st.none()
        | st.tuples(
            st.decimals(0, 3000, places=2).map(str), st.sampled_from(["EUR", "PLN", "RUB", "JPY"])
        ),
        "flags": st.sets(st.sampled_from(Flag), max_size=2).map(tuple),
        "jurisdiction": st.none() | st.sampled_from(["PL", "GB", "FR"]),
    }
)
histories = st.builds(History, st.integers(0, 5), st.integers(0, 400).map(Decimal))
many = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _given(outcome: Outcome) -> int:
    """Order answers by how much more than owed they give."""
    if not isinstance(outcome, Decided):
        return 0
    decision = outcome.answer.decision
    return int(decision.disposition is Disposition.GOODWILL) + sum(
        remedy.share == "goodwill" for remedy in decision.remedies
    )


def _decision(outcome: Outcome) -> Decision | None:
    answer = outcome.answer if isinstance(outcome, Decided) else outcome.proposal
    return None if answer is None else answer.decision


def _owed(decision: Decision | None) -> list[Remedy]:
    """Return what does not depend on goodwill."""
    remedies = () if decision is None else decision.remedies
    return [remedy for remedy in remedies if remedy.share == "entitlement"]


@many
@given(matter=matters, tone=st.sampled_from(Tone), pressure=st.sampled_from(Pressure))
def test_tone_and_pressure_never_change_what_is_owed(
    make_case: MakeCase, policy: Policy, matter: dict[str, object], tone: Tone, pressure: Pressure
) -> None:
    polite = decide(make_case(**matter), History(), policy)
    other = decide(make_case(**matter, tone=tone, pressure=pressure), History(), policy)
    if pressure is Pressure.VIOLENCE or not isinstance(polite, Decided):
        return
    decision = polite.answer.decision
    if decision.basis in {Basis.ENTITLEMENT, Basis.TRUST}:
        assert isinstance(other, Decided)
        same = other.answer.decision.model_copy(update={"boundary": decision.boundary})
        if decision.disposition is Disposition.PARTLY_UPHELD:
            assert _owed(same) == _owed(decision)
            assert (same.disposition, same.basis) == (decision.disposition, decision.basis)
        else:
            assert same == decision


@many
@given(
    matter=matters,
    tone=st.sampled_from(Tone),
    pressure=st.sampled_from(Pressure),
    confidence=st.floats(0, 1),
)
def test_no_confidence_changes_the_way_of_what_the_facts_prove(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    matter: dict[str, object],
    tone: Tone,
    pressure: Pressure,
    confidence: float,
) -> None:
    sure = decide(make_case(**matter), History(), policy)
    case = make_case(**matter, tone=tone, pressure=pressure, confidence=confidence)
    other = decide(case, History(), policy)
    if pressure is not Pressure.VIOLENCE and isinstance(sure, Decided) and sure.answer.proven:
        assert isinstance(other, Decided)
        assert _owed(other.answer.decision) == _owed(sure.answer.decision)


@many
@given(matter=matters, tone=st.sampled_from(Tone), pressure=st.sampled_from(Pressure))
def test_help_and_entitlement_in_any_answer_are_tone_blind(
    make_case: MakeCase, policy: Policy, matter: dict[str, object], tone: Tone, pressure: Pressure
) -> None:
    polite = decide(make_case(**matter), History(), policy)
    other = decide(make_case(**matter, tone=tone, pressure=pressure), History(), policy)
    assert _owed(_decision(polite)) == _owed(_decision(other))


@many
@given(matter=matters, tone=st.sampled_from(Tone), pressure=st.sampled_from(Pressure))
def test_nothing_above_the_certificate_is_declined_without_a_person(
    make_case: MakeCase, policy: Policy, matter: dict[str, object], tone: Tone, pressure: Pressure
) -> None:
    case = make_case(**matter, tone=tone, pressure=pressure)
    outcome = decide(case, History(), policy)
    decision = _decision(outcome)
    if (
        isinstance(outcome, Decided)
        and decision is not None
        and decision.disposition is Disposition.DECLINED
        and case.claim is not None
    ):
        euros = policy.in_euros(case.claim) if case.claim.amount else Decimal(0)
        assert euros is not None
        assert euros <= policy.certificate.automatic


@many
@given(matter=matters, past=histories, more=histories)
def test_more_past_goodwill_never_gives_more(
    make_case: MakeCase, policy: Policy, matter: dict[str, object], past: History, more: History
) -> None:
    before = decide(make_case(**matter), past, policy)
    after = decide(
        make_case(**matter), History(past.times + more.times, past.euros + more.euros), policy
    )
    assert _given(after) <= _given(before)


@many
@given(matter=matters, tone=st.sampled_from(Tone), pressure=st.sampled_from(Pressure))
def test_every_automatic_answer_fits_the_certificate(
    make_case: MakeCase, policy: Policy, matter: dict[str, object], tone: Tone, pressure: Pressure
) -> None:
    outcome = decide(make_case(**matter, tone=tone, pressure=pressure), History(), policy)
    if isinstance(outcome, Decided):
        assert outcome.answer.cost is not None
        assert outcome.answer.cost <= policy.certificate.automatic
        assert outcome.answer.decision.disposition is not Disposition.SERVICE_ENDED
        assert outcome.answer.decision.policy == policy.hash


@many
@given(matter=matters)
def test_the_same_case_gives_the_same_bytes(
    make_case: MakeCase, policy: Policy, matter: dict[str, object]
) -> None:
    one, two = (decide(make_case(**matter), History(), policy) for _ in range(2))
    assert one == two
    if isinstance(one, Decided) and isinstance(two, Decided):
        first = one.answer.decision.model_dump_json()
        assert first == two.answer.decision.model_dump_json()


def test_entitlement_cannot_even_import_tone_and_pressure() -> None:
    program = (
        "import sys; import services.decision.entitlement; "
        "sys.exit('shared.events.tags' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - our own
    assert done.returncode == 0


def test_no_outcome_of_entitlement_holds_tone_or_pressure() -> None:
    hints = get_type_hints(entitlement)
    assert set(hints) == {"matter", "return"}
    for kind in (hints["matter"], *get_args(Entitlement)):
        assert not {"tone", "pressure", "conduct", "tags"} & set(get_type_hints(kind))


def test_there_is_no_basis_deadline() -> None:
    assert "deadline" not in {basis.value for basis in Basis}
