"""Wrong code with a sound policy: the proof is about what is decided, not only about the data."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from services.decision.merits.authority import Allowed, Authority, Beyond, may_grant
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Decided, Outcome, Referred
from services.decision.policy.matrix import Situation
from services.decision.policy.model import Policy, Role
from services.decision.proving import Kind, Problem
from services.decision.proving.amounts import Amounts
from services.decision.proving.means import authority_problems
from services.decision.proving.outcomes import Decider
from services.decision.proving.proof import claims_of, to_settle
from services.decision.proving.space import Stuff
from services.decision.proving.survey import Survey
from services.decision.proving.table import whereabouts
from shared.events.answer import Basis, Disposition
from shared.events.case import Category
from shared.events.catalogue import CaseClassified, Decision, Queue
from shared.events.tags import Fault, Flag, Pressure, Tone

PROMISE = "entitlement.broken_promise: default/broken_promise.any"
SLIP = "goodwill.own_slip: default/own_slip.any"
Spoil = Callable[[CaseClassified, Known, Outcome], Outcome]


def unfair(spoil: Spoil) -> Decider:
    """Return code that decides as the real one does, and then spoils it."""

    def wrong(case: CaseClassified, known: Known, policy: Policy) -> Outcome:
        return spoil(case, known, decide(case, known, policy))

    return wrong


def surveyed(policy: Policy, decider: Decider, facts: str) -> list[Problem]:
    context = whereabouts(policy)[0].context
    assert context is not None
    survey = Survey(policy, decider, (context,), claims_of(policy), (facts,))
    survey.run()
    return list(survey.problems.values())


def settled(policy: Policy, decider: Decider, stuff: Stuff, *, past: bool = False) -> list[Problem]:
    context = whereabouts(policy)[0].context
    assert context is not None
    proof = Amounts(replace(stuff, context=context), "EUR", policy, decider, past=past)
    return list(proof.problems())


def at(problems: list[Problem], kind: Kind, place: str) -> Problem:
    seen = [(problem.kind, problem.place) for problem in problems]
    assert (kind, place) in seen
    return problems[seen.index((kind, place))]


def otherwise(outcome: Outcome, **update: object) -> Outcome:
    """Return the outcome with another decision in it."""
    if not isinstance(outcome, Decided):
        return outcome
    decision: Decision = outcome.answer.decision.model_copy(update=update)
    return replace(outcome, answer=replace(outcome.answer, decision=decision))


def person(outcome: Outcome) -> Outcome:
    """Let a person answer what the policy would have answered."""
    if not isinstance(outcome, Decided):
        return outcome
    return Referred(Queue.REVIEW, "unfair", outcome.answer)


def rude_gets_nothing(case: CaseClassified, _: Known, outcome: Outcome) -> Outcome:
    if case.tags.tone.value is not Tone.RUDE:
        return outcome
    return otherwise(outcome, disposition=Disposition.DECLINED, remedies=())


def rude_waits(case: CaseClassified, _: Known, outcome: Outcome) -> Outcome:
    return person(outcome) if case.tags.tone.value is Tone.RUDE else outcome


def leverage_pays(case: CaseClassified, _: Known, outcome: Outcome) -> Outcome:
    if case.tags.pressure.value is not Pressure.LEVERAGE or not isinstance(outcome, Decided):
        return outcome
    remedies = outcome.answer.decision.remedies
    return otherwise(outcome, remedies=(*remedies, remedies[-1]))


def hardly_sure_waits(case: CaseClassified, _: Known, outcome: Outcome) -> Outcome:
    return person(outcome) if case.tags.tone.confidence < Decimal("0.5") else outcome


@pytest.mark.parametrize("spoil", [rude_gets_nothing, rude_waits, leverage_pays, hardly_sure_waits])
def test_code_that_looks_at_tone_is_found(policy: Policy, spoil: Spoil) -> None:
    problems = surveyed(policy, unfair(spoil), "promise_broken_slightly")
    problem = at(problems, Kind.TONE, PROMISE)
    assert problem.case["facts"]["promised_by"] < problem.case["facts"]["delivered_at"]


def test_help_that_waits_for_the_rude_is_found(policy: Policy) -> None:
    problems = surveyed(policy, unfair(rude_waits), "nothing")
    at(problems, Kind.TONE, "third_party.help: default/third_party.any")


def test_code_that_holds_the_past_against_what_is_owed_is_found(policy: Policy) -> None:
    def spoil(_: CaseClassified, known: Known, outcome: Outcome) -> Outcome:
        return person(outcome) if known.history.contradicted > 3 else outcome

    wrong = unfair(spoil)
    at(surveyed(policy, wrong, "promise_broken_slightly"), Kind.PAST_COSTS, PROMISE)
    stuff = Stuff("promise_broken_slightly", Fault.COMPANY, Category.PROMISE_BROKEN)
    at(settled(policy, wrong, stuff, past=True), Kind.PAST_COSTS, PROMISE)


def test_code_that_forgets_how_often_it_forgave_is_found(policy: Policy) -> None:
    def forgetful(case: CaseClassified, known: Known, policy_: Policy) -> Outcome:
        history = known.history.model_copy(update={"times": 0})
        return decide(case, known.model_copy(update={"history": history}), policy_)

    stuff = Stuff("nothing", Fault.CUSTOMER, Category.FEE_DISPUTE)
    problem = at(settled(policy, forgetful, stuff, past=True), Kind.GOODWILL_SUM, SLIP)
    assert problem.case["known"]["history"]["times"] > 0


def test_a_narrow_window_beyond_the_certificate_is_found(policy: Policy) -> None:
    """No example would meet it: between 137.11 and 137.12 EUR, and only there."""

    def spoil(case: CaseClassified, _: Known, outcome: Outcome) -> Outcome:
        claim = case.claim
        if claim is None or not isinstance(outcome, Referred) or outcome.proposal is None:
            return outcome
        inside = claim.amount > Decimal("137.11") and claim.amount < Decimal("137.12")
        return Decided(outcome.proposal) if inside else outcome

    stuff = Stuff("promise_broken_slightly", Fault.COMPANY, Category.PROMISE_BROKEN)
    problems = settled(policy, unfair(spoil), stuff)
    problem = at(problems, Kind.BEYOND_CERTIFICATE, PROMISE)
    assert Decimal("137.11") < Decimal(problem.case["claim"]["amount"]) < Decimal("137.12")
    at(problems, Kind.LARGER_CLAIM, PROMISE)


def test_a_narrow_window_is_found_whatever_the_first_case_of_its_row_was_about(
    policy: Policy,
) -> None:
    """The first one to meet a row may be one that a person has at every amount."""

    def spoil(case: CaseClassified, _: Known, outcome: Outcome) -> Outcome:
        if (
            not isinstance(outcome, Referred)
            or outcome.reason != "above_the_automatic_certificate"
            or outcome.proposal is None
            or case.claim is None
        ):
            return outcome
        inside = case.claim.amount > Decimal("137.11") and case.claim.amount < Decimal("137.12")
        return Decided(outcome.proposal) if inside else outcome

    context = whereabouts(policy)[0].context
    assert context is not None
    survey = Survey(policy, unfair(spoil), (context,), claims_of(policy), ("nothing",))
    survey.run()
    proofs = [proof for proof in to_settle(survey) if not proof.past and proof.currency == "EUR"]
    problems = [problem for proof in proofs for problem in proof.problems()]
    for place in (
        SLIP,
        "entitlement.wrong_fee: default/wrong_fee.any",
        "goodwill.own_slip: default/own_slip.missed_due_date",
    ):
        at(problems, Kind.BEYOND_CERTIFICATE, place)


def test_code_that_trusts_what_is_cheaper_to_check_is_found(policy: Policy) -> None:
    def trusting(case: CaseClassified, known: Known, policy_: Policy) -> Outcome:
        lenient = policy_.trust.model_copy(update={"without_checkable_content": Decimal(1)})
        return decide(case, known, policy_.model_copy(update={"trust": lenient}))

    stuff = Stuff("nothing", Fault.UNCLEAR, Category.CARD_PROBLEM)
    problems = settled(policy, trusting, stuff)
    assert Kind.TRUST in {problem.kind for problem in problems}


def test_code_that_ends_a_service_is_found(policy: Policy) -> None:
    def spoil(case: CaseClassified, _: Known, outcome: Outcome) -> Outcome:
        abusive = case.tags.tone.value is Tone.ABUSIVE
        if not abusive or not isinstance(outcome, Referred) or outcome.proposal is None:
            return outcome
        ended = {"disposition": Disposition.SERVICE_ENDED, "basis": Basis.PERSON}
        decision = outcome.proposal.decision.model_copy(update=ended)
        return replace(outcome, proposal=replace(outcome.proposal, decision=decision))

    problems = surveyed(policy, unfair(spoil), "late_slightly")
    assert Kind.SERVICE_ENDED in {problem.kind for problem in problems}


def test_a_case_without_an_answer_is_found(policy: Policy) -> None:
    def broken(case: CaseClassified, known: Known, policy_: Policy) -> Outcome:
        if {Flag.LEGAL, Flag.FRAUD} <= {tag.value for tag in case.tags.flags}:
            raise KeyError("legal")
        return decide(case, known, policy_)

    problem = at(surveyed(policy, broken, "unauthorised"), Kind.INCOMPLETE, "decide")
    assert {"legal", "fraud"} <= {flag["value"] for flag in problem.case["tags"]["flags"]}


def test_code_that_does_otherwise_on_plain_numbers_proves_nothing(policy: Policy) -> None:
    def two_faced(case: CaseClassified, known: Known, policy_: Policy) -> Outcome:
        outcome = decide(case, known, policy_)
        plain = case.claim is not None and isinstance(case.claim.amount, Decimal)
        return person(outcome) if plain else outcome

    stuff = Stuff("promise_broken_slightly", Fault.COMPANY, Category.PROMISE_BROKEN)
    at(settled(policy, two_faced, stuff), Kind.UNPROVED, PROMISE)


def test_a_role_that_may_less_than_the_one_below_is_found(policy: Policy) -> None:
    def odd(
        role: Role, euros: Decimal, spent: Decimal, situation: Situation, policy_: Policy
    ) -> Authority:
        if role is Role.HEAD and situation is Situation.OWN_SLIP and euros > Decimal("77.7"):
            return Beyond("odd")
        return may_grant(role, euros, spent, situation, policy_)

    problem = at(list(authority_problems(policy, odd)), Kind.AUTHORITY, "certificates.head")
    assert Decimal(problem.case["euros"]) > Decimal("77.7")


def test_code_that_lets_one_person_grant_what_takes_two_is_found(policy: Policy) -> None:
    def lone(
        role: Role, euros: Decimal, spent: Decimal, situation: Situation, policy_: Policy
    ) -> Authority:
        answer = may_grant(role, euros, spent, situation, policy_)
        return Allowed() if role is Role.EXECUTIVE else answer

    problems = list(authority_problems(policy, lone))
    problem = at(problems, Kind.AUTHORITY, "certificates.executive")
    assert Decimal(problem.case["euros"]) >= policy.two_people_from
