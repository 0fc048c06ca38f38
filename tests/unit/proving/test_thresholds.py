"""The proof meets cases on either side of a threshold, wherever a policy puts it."""

import pytest

from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Decided, Outcome, Referred
from services.decision.policy.model import Policy
from services.decision.policy.thresholds import Thresholds
from services.decision.proving.proof import claims_of
from services.decision.proving.survey import Survey
from services.decision.proving.table import whereabouts
from shared.events.catalogue import CaseClassified


@pytest.mark.parametrize("bound", [0.001, 0.999])
def test_the_sure_and_the_unsure_are_looked_at_whatever_the_thresholds(
    policy: Policy, bound: float
) -> None:
    wanted = Thresholds.model_validate({"fault": bound, "conduct": bound})
    strict = policy.model_copy(update={"confidence": wanted})
    met: set[str] = set()

    def noting(case: CaseClassified, known: Known, policy_: Policy) -> Outcome:
        outcome = decide(case, known, policy_)
        if isinstance(outcome, Referred):
            met.add(outcome.reason)
        elif isinstance(outcome, Decided):
            met.update(outcome.answer.decision.reasons)
        return outcome

    context = whereabouts(strict)[0].context
    assert context is not None
    survey = Survey(strict, noting, (context,), claims_of(strict), ("nothing",))
    survey.run()
    assert met >= {"fault_uncertain", "conduct_uncertain", "own_slip_by_contract", "trusted"}
    assert survey.problems == {}
