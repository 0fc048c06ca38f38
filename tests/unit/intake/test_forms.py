"""Bad input: each is refused by the name of its field; good input becomes a case."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import new_case_id, open_case
from services.intake.forms import CaseForm, MessageForm, read_form
from shared.events.case import Category, Product
from shared.http.flaws import Invalid, Unreadable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _case(**parts: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    return {"customer": {"id": "C-1"}, "channel": "web", "text": "The fee is wrong.", **parts}


def _flaws(body: object, *, private_webhooks: bool = False) -> dict[str, str]:
    raw = json.dumps(body).encode()
    read = read_form(CaseForm, raw, now=NOW, private_webhooks=private_webhooks)
    if isinstance(read, Invalid):
        return {flaw.field: flaw.detail for flaw in read.flaws}
    assert not isinstance(read, Unreadable)
    return {}


def _form(**parts: Any) -> CaseForm:  # noqa: ANN401 - JSON is any value
    read = read_form(CaseForm, json.dumps(_case(**parts)).encode(), now=NOW)
    assert isinstance(read, tuple), read
    return read[0]


def _contact(**contact: object) -> dict[str, Any]:
    return _case(customer={"id": "C-1", "contacts": contact})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ("x", "body"),
        ({}, "customer"),
        (_case(customer={}), "customer.id"),
        (_case(customer="C-1"), "customer"),
        (_case(customer={"id": ""}), "customer.id"),
        (_case(customer={"id": "x" * 129}), "customer.id"),
        (_case(customer={"id": "a\nb"}), "customer.id"),
        (_case(customer={"id": " a"}), "customer.id"),
        (_case(customer={"id": 5}), "customer.id"),
        (_case(customer={"id": "C", "emial": "x"}), "customer.emial"),
        (_case(customer={"id": "C", "name": "A\r\nBcc: b@example.com"}), "customer.name"),
        (_case(customer={"id": "C", "language": "polish!"}), "customer.language"),
        (_case(customer={"id": "C", "jurisdiction": "ZZ"}), "customer.jurisdiction"),
        (_case(customer={"id": "C", "jurisdiction": "EU"}), "customer.jurisdiction"),
        (_case(customer={"id": "C", "jurisdiction": "pl"}), "customer.jurisdiction"),
        (_case(channel="fax"), "channel"),
        (_case(channel=None), "channel"),
        (_case(category="rage"), "category"),
        (_case(product="mortgage"), "product"),
        (_case(product=["loan"]), "product"),
        (_case(text=""), "text"),
        (_case(text=" \n\t"), "text"),
        (_case(text="x" * 20_001), "text"),
        (_case(text=["x"]), "text"),
        (_case(text="a\0b"), "text"),
        (_case(text="a\ud800b"), "text"),
        (_case(claims={}), "claims"),
        (_case(claim={"amount": "1.00"}), "claim.currency"),
        (_case(claim={"currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "1.00", "currency": "EURO"}), "claim.currency"),
        (_case(claim={"amount": "1.00", "currency": "DEM"}), "claim.currency"),
        (_case(claim={"amount": "1.00", "currency": "eur"}), "claim.currency"),
        (_case(claim={"amount": 1.5, "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": True, "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "-1", "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "1.005", "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "1.5", "currency": "JPY"}), "claim.amount"),
        (_case(claim={"amount": "1e3", "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "NaN", "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "1,000.00", "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "\u0661", "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": "9" * 16, "currency": "EUR"}), "claim.amount"),
        (_case(claim={"amount": 10**90, "currency": "EUR"}), "claim.amount"),
        (_case(received_at="2026-11-20T10:00:00"), "received_at"),
        (_case(received_at="2026-11-20"), "received_at"),
        (_case(received_at="2026-02-30T10:00:00Z"), "received_at"),
        (_case(received_at="0001-01-01T00:00:00+14:00"), "received_at"),
        (_case(received_at="9999-12-31T23:59:59-14:00"), "received_at"),
        (_case(received_at=1_700_000_000), "received_at"),
        (_case(received_at="2026-11-21T12:05:01Z"), "received_at"),
        (_case(facts={"due_at": "2026-10-31T23:59:59"}), "facts.due_at"),
        (_case(facts={"paid_at": "yesterday"}), "facts.paid_at"),
        (_case(facts={"authorised": "no"}), "facts.authorised"),
        (_case(facts={"terms_accepted": 1}), "facts.terms_accepted"),
        (_case(facts={"incident": 7}), "facts.incident"),
        (_case(facts=[]), "facts"),
        (_case(facts={f"k{n}": n for n in range(101)}), "facts"),
        (_case(facts={"note": "x" * 40_000}), "facts"),
        (_contact(email="anna"), "customer.contacts.email"),
        (_contact(email="a@example.com\r\nBcc: b@example.com"), "customer.contacts.email"),
        (_contact(email="a@example.com, b@example.com"), "customer.contacts.email"),
        (_contact(email=f"{'a' * 65}@example.com"), "customer.contacts.email"),
        (_contact(phone="+48\r\n1"), "customer.contacts.phone"),
        (_contact(webhook="http://example.com/"), "customer.contacts.webhook"),
        (_contact(webhook="https://user@example.com/"), "customer.contacts.webhook"),
        (_contact(webhook="https://exa mple.com/"), "customer.contacts.webhook"),
        (_contact(webhook="https://[::1"), "customer.contacts.webhook"),
        (_contact(webhook="https:///path"), "customer.contacts.webhook"),
        (_contact(webhook="https://example.com:99999/"), "customer.contacts.webhook"),
        (_contact(webhook="http://127.0.0.1:9/"), "customer.contacts.webhook"),
    ],
)
def test_bad_input_is_refused_by_the_name_of_its_field(body: object, field: str) -> None:
    flaws = _flaws(body)
    assert field in flaws
    assert "Bcc" not in flaws[field]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    body = _case(channel="fax", text="", claim={"amount": "x", "currency": "EUR"}, extra=1)
    assert set(_flaws(body)) == {"channel", "text", "claim.amount", "extra"}


def test_a_wrong_channel_is_answered_with_the_right_ones() -> None:
    assert _flaws(_case(channel="fax"))["channel"] == (
        "must be one of web, email, phone, chat, social, branch, api"
    )


def test_a_wrong_product_is_answered_with_the_right_ones() -> None:
    assert _flaws(_case(product="mortgage"))["product"] == (
        "must be one of account, card, payment, loan, savings, insurance, investment, other"
    )


@pytest.mark.parametrize("product", list(Product))
def test_the_opened_case_says_its_product(product: Product) -> None:
    assert open_case(_form(product=product), new_case_id(NOW), NOW).product is product


def test_a_naive_date_is_answered_with_what_it_lacks() -> None:
    flaws = _flaws(_case(facts={"due_at": "2026-10-31T23:59:59"}))
    assert flaws["facts.due_at"].startswith("lacks its offset")


def test_http_webhooks_are_for_loopback_and_only_where_allowed() -> None:
    assert _flaws(_contact(webhook="http://127.0.0.1:9/x"), private_webhooks=True) == {}
    assert _flaws(_contact(webhook="http://example.com/x"), private_webhooks=True)
    assert _flaws(_contact(webhook="https://example.com/x")) == {}


def test_the_smallest_request_is_enough() -> None:
    form = _form()
    assert form.category is Category.OTHER
    assert form.product is None
    assert form.claim is None
    assert form.facts.due_at is None


def test_null_means_not_known_everywhere_it_is_optional() -> None:
    form = _form(
        category=None,
        product=None,
        claim=None,
        received_at=None,
        facts=None,
        customer={"id": "C-1", "name": None, "contacts": None, "jurisdiction": None},
    )
    assert form.category is Category.OTHER
    assert form.product is None
    assert form.customer.contacts.email is None


@pytest.mark.parametrize(
    ("amount", "currency"), [("12.50", "RSD"), ("0", "JPY"), ("1.005", "KWD"), (12, "EUR")]
)
def test_amounts_are_exact(amount: str | int, currency: str) -> None:
    claim = _form(claim={"amount": amount, "currency": currency}).claim
    assert claim is not None
    assert claim.amount == Decimal(amount)


def test_facts_that_are_not_known_are_kept_apart() -> None:
    unknown = {"branch": {"id": 10**40}, "other": "x"}
    form = _form(facts={"incident": "INC-1", **unknown})
    assert form.facts.incident == "INC-1"
    assert form.facts.other == unknown


def test_the_past_and_five_minutes_ahead_are_accepted() -> None:
    for at in (NOW + timedelta(minutes=5), NOW - timedelta(days=3650)):
        assert _form(received_at=at.isoformat()).received_at == at


def test_a_message_needs_its_text_only() -> None:
    read = read_form(MessageForm, b'{"text": "more"}', now=NOW)
    assert isinstance(read, tuple)
    refused = read_form(MessageForm, b'{"texts": "more"}', now=NOW)
    assert isinstance(refused, Invalid)
    assert {flaw.field for flaw in refused.flaws} == {"text", "texts"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
_VALUES = _JSON | st.sampled_from(["PL", "EUR", "web", "2026-11-20T10:00:00Z", "12.50", True])
_CASES = st.fixed_dictionaries(
    {},
    optional={
        "customer": st.fixed_dictionaries(
            {"id": _VALUES},
            optional={
                "name": _VALUES,
                "language": _VALUES,
                "jurisdiction": _VALUES,
                "contacts": st.fixed_dictionaries(
                    {}, optional={"email": _VALUES, "phone": _VALUES, "webhook": _VALUES}
                ),
            },
        )
        | _JSON,
        "channel": _VALUES,
        "category": _VALUES,
        "product": _VALUES,
        "text": _VALUES,
        "received_at": _VALUES,
        "claim": st.fixed_dictionaries({}, optional={"amount": _VALUES, "currency": _VALUES}),
        "facts": st.dictionaries(
            st.sampled_from(["due_at", "authorised", "incident", "x"]), _VALUES
        ),
    },
)


@given(_CASES)
def test_any_json_is_a_case_or_refused(body: dict[str, Any]) -> None:
    read = read_form(CaseForm, json.dumps(body).encode(), now=NOW)
    if isinstance(read, tuple):
        opened = open_case(read[0], new_case_id(NOW), NOW)
        assert type(opened).model_validate_json(opened.model_dump_json()).text == body["text"]
