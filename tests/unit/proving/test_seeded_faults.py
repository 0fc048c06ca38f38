"""Broken policies: each breaks one promise, and the proof names the promise and the place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import BaseModel

from services.decision.in_return import offer_of
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Outcome
from services.decision.policy.matrix import ROOT, Applies, Row
from services.decision.policy.model import Policy
from services.decision.proving import Kind, Problem, Proof, prove
from services.decision.proving.amounts import Amounts
from services.decision.proving.means import authority_problems, currency_problems, delay_problems
from services.decision.proving.proof import claims_of
from services.decision.proving.space import Stuff
from services.decision.proving.survey import Survey
from services.decision.proving.table import masked_rows, table_problems, whereabouts
from services.decision.timing.rows import Offer, Origin
from shared.events.case import Category, Product
from shared.events.catalogue import CaseClassified
from shared.events.tags import Fault, Flag, Pressure, Tone

Change = Callable[..., Policy]
REFUND = {"kind": "refund", "money": "claim", "cost": 25}
APOLOGY = {"kind": "apology"}


@dataclass(frozen=True)
class Found:
    """What a part of the proof found."""

    problems: tuple[Problem, ...]

    def at(self, kind: Kind, place: str) -> Problem:
        """Return the problem of this kind at this place."""
        seen = [(problem.kind, problem.place) for problem in self.problems]
        assert (kind, place) in seen
        return self.problems[seen.index((kind, place))]


def found(problems: Iterable[Problem]) -> Found:
    return Found(tuple(problems))


def table(policy: Policy) -> Found:
    return found(table_problems(policy, whereabouts(policy)))


def changed(policy: Policy, path: str, value: object) -> Policy:
    """Return the policy with one field set, unchecked as no file could."""

    def put(part: BaseModel, names: list[str]) -> BaseModel:
        name, *rest = names
        inner = getattr(part, name)
        if rest and isinstance(inner, dict):
            new: object = {**inner, rest[0]: value}
        else:
            new = put(inner, rest) if rest else value
        return part.model_copy(update={name: new})

    broken = put(policy, path.split("."))
    assert isinstance(broken, Policy)
    return broken


def settled(policy: Policy, stuff: Stuff, currency: str = "EUR", *, past: bool = False) -> Found:
    """Prove one kind of case for every amount (and past)."""
    proof = Amounts(stuff, currency, policy, decide, past=past)
    return found(proof.problems())


def case(policy: Policy, fault: Fault, category: Category, facts: str = "nothing") -> Stuff:
    context = whereabouts(policy)[0].context
    assert context is not None
    return Stuff(facts, fault, category, context=context)


def test_a_situation_without_a_row_is_found(with_row: Change) -> None:
    problem = table(with_row("information.any")).at(Kind.INCOMPLETE, "matrices.default.information")
    assert problem.case["situation"] == "information"


def test_two_rows_for_one_cell_are_found(with_row: Change) -> None:
    broken = with_row("twin", situation="wrong_fee", remedies=[APOLOGY])
    problem = table(broken).at(Kind.OVERLAP, "matrices.default.twin")
    assert problem.case == {"situation": "wrong_fee"}


def test_two_matrices_for_one_case_are_found(with_matrix: Change) -> None:
    applies = Applies(products=frozenset({Product.CARD}))
    broken = with_matrix("cards", extends=ROOT, applies=applies)
    table(broken).at(Kind.OVERLAP, "matrices.cards.applies")


def test_a_row_that_others_mask_is_found(policy: Policy, with_matrix: Change) -> None:
    others = [
        Row.model_validate(
            {
                "id": f"information.{category}",
                "situation": "information",
                "category": category,
                "remedies": [APOLOGY],
            }
        )
        for category in Category
    ]
    broken = with_matrix(rows=(*policy.matrices[ROOT].rows, *others))
    table(broken).at(Kind.MASKED_ROW, "matrices.default.information.any")


def test_a_row_that_no_case_can_reach_is_found(proof: Proof, with_row: Change) -> None:
    broken = with_row("never", situation="wrong_fee", category="fraud", remedies=[APOLOGY])
    masked = found(masked_rows(broken, proof.rows))
    assert masked.at(Kind.MASKED_ROW, "matrices.default.never").case["category"] == "fraud"
    assert len(masked.problems) == 1


def test_a_matrix_that_can_never_apply_is_found(with_matrix: Change) -> None:
    broken = with_matrix("everywhere", extends=ROOT)
    table(broken).at(Kind.MASKED_MATRIX, "matrices.default")


def test_an_override_that_changes_nothing_is_found(policy: Policy, with_matrix: Change) -> None:
    same = policy.matrices[ROOT].rows[0]
    broken = with_matrix("card", rows=(*policy.matrices["card"].rows, same))
    table(broken).at(Kind.IDLE_OVERRIDE, f"matrices.card.{same.id}")


def test_removing_what_is_not_there_is_found(with_matrix: Change) -> None:
    broken = with_matrix("pl", remove=("no_such_row",))
    table(broken).at(Kind.IDLE_OVERRIDE, "matrices.pl.remove.no_such_row")


def test_a_day_without_a_matrix_is_found(policy: Policy, with_matrix: Change) -> None:
    broken = with_matrix(valid_from=policy.valid_from + timedelta(days=30))
    problem = table(broken).at(Kind.GAP, "matrices.default.valid_from")
    assert problem.case == {"received_at": policy.valid_from}


def test_a_policy_without_its_root_matrix_is_found(policy: Policy) -> None:
    orphans = {name: file for name, file in policy.matrices.items() if name != ROOT}
    broken = policy.model_copy(update={"matrices": orphans})
    assert [(each.kind, each.place) for each in prove(broken)] == [(Kind.GAP, "matrices")]


def test_a_matrix_older_than_what_it_extends_is_found(with_matrix: Change) -> None:
    table(with_matrix("card", valid_from=date(2020, 1, 1))).at(Kind.GAP, "matrices.card.valid_from")


def test_a_currency_without_an_extra_is_found(policy: Policy) -> None:
    sums = {name: each for name, each in policy.extra.sums.items() if name != "PLN"}
    problem = found(currency_problems(changed(policy, "extra.sums", sums))).at(
        Kind.CURRENCY, "extra.sums.PLN"
    )
    assert problem.case == {"claim": {"amount": "1", "currency": "PLN"}}


def test_a_remedys_limit_without_a_currency_is_found(with_row: Change) -> None:
    broken = with_row("unclear.any", remedies=[{**REFUND, "limit": {"EUR": 50}}])
    found(currency_problems(broken)).at(
        Kind.CURRENCY, "matrices.default.unclear.any.refund.limit.UAH"
    )


def test_a_countrys_currency_without_a_rate_is_found(policy: Policy) -> None:
    problems = found(currency_problems(changed(policy, "currency_of.CH", "CHF")))
    assert problems.at(Kind.CURRENCY, "currency_of.CH.CHF").case == {"jurisdiction": "CH"}


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("delay.sums.UAH", Decimal(201), "delay.sums.UAH"),
        ("delay.times", 41, "delay.sums.EUR"),
        ("certificates.automatic.per_case", Decimal(4), "delay.sums.PLN"),
    ],
)
def test_a_generous_word_for_a_delay_is_found(
    policy: Policy, field: str, value: object, place: str
) -> None:
    assert not [*delay_problems(policy)]
    found(delay_problems(changed(policy, field, value))).at(Kind.BEYOND_CERTIFICATE, place)


def test_code_that_gives_more_for_a_delay_than_the_policy_says_is_found(policy: Policy) -> None:
    def generous(policy: Policy, origin: Origin) -> Offer | None:
        offer = offer_of(policy, origin)
        return offer and replace(offer, euros=offer.euros * 3)

    found(delay_problems(policy, generous)).at(Kind.BEYOND_CERTIFICATE, "delay.sums.USD")


def test_a_generous_extra_is_found(policy: Policy) -> None:
    broken = changed(policy, "extra.sums.UAH", Decimal(4_000))
    found(currency_problems(broken)).at(Kind.CURRENCY, "extra.sums.UAH")
    stuff = case(broken, Fault.COMPANY, Category.PROMISE_BROKEN, "promise_broken_slightly")
    place = "entitlement.broken_promise: default/broken_promise.any"
    problem = settled(broken, stuff, "UAH").at(Kind.BEYOND_CERTIFICATE, place)
    assert problem.case["claim"]["currency"] == "UAH"


def test_a_row_that_pays_the_claim_twice_is_found(with_row: Change) -> None:
    twice = [REFUND, {"kind": "fee_waiver", "money": "claim", "cost": 10}]
    broken = with_row("malfunction.any", remedies=twice)
    stuff = case(broken, Fault.COMPANY, Category.APP_OUTAGE, "outage")
    place = "entitlement.malfunction: default/malfunction.any"
    settled(broken, stuff).at(Kind.BEYOND_CERTIFICATE, place)


def test_a_larger_claim_that_is_answered_sooner_is_found(with_row: Change) -> None:
    broken = with_row(
        "own_slip.dear",
        situation="own_slip",
        category="wrong_transfer",
        severity="moderate",
        remedies=[{**REFUND, "kind": "fee_waiver"}],
    )
    stuff = case(broken, Fault.CUSTOMER, Category.WRONG_TRANSFER)
    place = "goodwill.own_slip: default/own_slip.wrong_transfer"
    problem = settled(broken, stuff).at(Kind.LARGER_CLAIM, place)
    assert Decimal(problem.case["claim"]["amount"]) > broken.severity.euros.serious


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("abuse.lately.takes", -1),
        ("abuse.same_story.takes", -1),
        ("goodwill.contradicted_takes", -1),
    ],
)
def test_a_worse_past_that_brings_goodwill_is_found(
    policy: Policy, path: str, value: object
) -> None:
    broken = changed(policy, path, value)
    stuff = case(broken, Fault.CUSTOMER, Category.FEE_DISPUTE)
    place = "goodwill.own_slip: default/own_slip.any"
    settled(broken, stuff, past=True).at(Kind.PAST_HELPS, place)


def test_a_burst_that_brings_trust_is_found(policy: Policy) -> None:
    broken = changed(policy, "abuse.lately.factor", Decimal("0.1"))
    stuff = case(broken, Fault.COMPANY, Category.OTHER)
    place = "entitlement.company_error: default/company_error.any"
    problem = settled(broken, stuff, past=True).at(Kind.PAST_HELPS, place)
    assert problem.case["known"]["history"]["lately"] >= broken.abuse.lately.cases


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("certificates.senior.per_case", Decimal(200), "certificates.senior"),
        ("certificates.senior.per_month", Decimal(5_000), "certificates.senior"),
        ("certificates.clerk.per_case", Decimal(50), "certificates.clerk"),
        ("certificates.executive.per_case", Decimal(20_000), "certificates.executive"),
        ("certificates.automatic.per_day", Decimal(50), "certificates.automatic.per_day"),
        ("certificates.automatic.per_case", Decimal(20_000), "certificates.automatic.per_case"),
        ("certificates.head.per_month", Decimal(9_000), "certificates.head.per_month"),
        ("two_people_from", Decimal(5_000), "certificates.head.per_case"),
    ],
)
def test_certificates_that_contradict_each_other_are_found(
    policy: Policy, path: str, value: object, place: str
) -> None:
    found(authority_problems(changed(policy, path, value))).at(Kind.AUTHORITY, place)


def test_the_shipped_policy_is_proved(proof: Proof) -> None:
    assert proof.problems == ()
    assert proof.cells > 1_500
    assert proof.cases > 100_000
    assert proof.formulas > 1_000


def test_every_fact_fault_flag_tone_and_pressure_is_looked_at(policy: Policy) -> None:
    seen = set()

    def noting(case: CaseClassified, known: Known, policy_: Policy) -> Outcome:
        tags = case.tags
        flags = frozenset(flag.value for flag in tags.flags)
        seen.add((tags.fault.value, tags.tone.value, tags.pressure.value, flags))
        return decide(case, known, policy_)

    context = whereabouts(policy)[0].context
    assert context is not None
    Survey(policy, noting, (context,), claims_of(policy), ("nothing",)).run()
    assert len(seen) == len(Fault) * len(Tone) * len(Pressure) * 2 ** len(Flag)
