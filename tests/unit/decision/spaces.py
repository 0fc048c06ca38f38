"""The spaces of cases, manners and pasts that properties of deciding are drawn from."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from services.decision.merits.answers import Answer
from services.decision.merits.known import Checked, History, Known
from services.decision.merits.outcome import Decided, Outcome, Verifying
from shared.events.case import Category, Facts
from shared.events.tags import Fault, Flag, Pressure, Tone

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
histories = st.builds(
    History,
    times=st.integers(0, 5),
    euros=st.integers(0, 400).map(Decimal),
    verified=st.integers(0, 9),
    contradicted=st.integers(0, 9),
    lately=st.integers(0, 12),
    same_story=st.integers(0, 20),
    trusted_unshown=st.integers(0, 3),
)
knowledge = st.builds(
    Known,
    history=histories,
    checked=st.sampled_from(Checked),
    asked=st.booleans(),
    left_today=st.none() | st.integers(0, 300).map(Decimal),
)
tones, pressures = st.sampled_from(Tone), st.sampled_from(Pressure)
manners = st.fixed_dictionaries({"tone": tones, "pressure": pressures})
many = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
Drawn = dict[str, object]


def answer_in(outcome: Outcome) -> Answer:
    """Return what is answered, proposed, or waits to be confirmed."""
    found = outcome.answer if isinstance(outcome, Decided | Verifying) else outcome.proposal
    assert found is not None, "every outcome says what the policy would answer"
    return found
