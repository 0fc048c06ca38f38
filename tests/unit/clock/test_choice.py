"""Which clocks a case has."""

from datetime import timedelta

import pytest

from services.decision.clock.choose import CaseFacts
from services.decision.clock.load import Packs
from services.decision.clock.model import Kind
from services.decision.clock.plan import plan
from shared.events.case import Category, Facts, Product
from tests.unit.clock.conftest import FRIDAY, MakeCase, about

UNAUTHORISED = Facts(authorised=False)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (about("PL"), {"pl_complaints", "internal"}),
        (about("PL", product=Product.CARD), {"pl_payment_services", "internal"}),
        (about("PL", Category.PAYMENT_FAILED), {"pl_payment_services", "internal"}),
        (
            about("PL", Category.OTHER, facts=UNAUTHORISED),
            {"pl_payment_services", "eu_psd2_73", "internal"},
        ),
        (about("NO", product=Product.PAYMENT), {"eu_psd2_101", "internal"}),
        (about("DE", product=Product.LOAN), {"default"}),
        # Nothing is known of the authorisation: the stricter clock counts.
        (about("FR", Category.FRAUD), {"eu_psd2_101", "eu_psd2_73", "internal"}),
        (
            about("FR", Category.FRAUD, facts=Facts(authorised=True)),
            {"eu_psd2_101", "internal"},
        ),
        (about("GB"), {"uk_disp_1_6", "uk_disp_1_5", "internal"}),
        (
            about("GB", Category.FRAUD, facts=Facts(authorised=True)),
            {"uk_disp_1_6_payment", "uk_disp_1_5", "uk_app", "internal"},
        ),
        (about("US"), {"us_cfpb", "internal"}),
        (about("US", product=Product.PAYMENT), {"us_cfpb", "us_reg_e", "internal"}),
        # What the customer did not authorise was a payment, however the case is filed.
        (about("US", Category.OTHER, facts=UNAUTHORISED), {"us_cfpb", "us_reg_e", "internal"}),
        (about("UA", Category.INFORMATION), {"ua_appeals_simple", "internal"}),
        (about("BR"), {"default"}),
        (CaseFacts(None, None, Category.OTHER, Facts()), {"default"}),
    ],
)
def test_a_case_has_the_clocks_of_its_place_and_matter(
    packs: Packs, case: CaseFacts, expected: set[str]
) -> None:
    assert {clock.pack for clock in plan(case, FRIDAY, FRIDAY, packs)} == expected


@pytest.mark.parametrize("country", ["DE", "PL", "GB", "US"])
@pytest.mark.parametrize("authorised", [None, True, False])
def test_the_fraud_flag_counts_as_the_category_does(
    packs: Packs, make_case: MakeCase, country: str, *, authorised: bool | None
) -> None:
    facts = Facts(authorised=authorised)
    flagged = make_case(country, category=Category.OTHER, facts=facts, fraud=True)
    filed = make_case(country, category=Category.FRAUD, facts=facts)
    assert plan(flagged, FRIDAY, FRIDAY, packs) == plan(filed, FRIDAY, FRIDAY, packs)


@pytest.mark.parametrize(
    ("facts", "has_clock"),
    [
        (Facts(promised_by=FRIDAY + timedelta(hours=5)), True),
        (Facts(promised_by=FRIDAY), False),
        (Facts(promised_by=FRIDAY + timedelta(hours=5), delivered_at=FRIDAY), False),
        (Facts(), False),
    ],
)
def test_a_promise_has_a_clock_while_it_is_ahead_and_not_kept(
    packs: Packs, make_case: MakeCase, facts: Facts, *, has_clock: bool
) -> None:
    clocks = plan(make_case(facts=facts), FRIDAY, FRIDAY, packs)
    promises = [clock for clock in clocks if clock.kind is Kind.PROMISE]
    assert bool(promises) is has_clock
    assert all(clock.deadline == facts.promised_by for clock in promises)
