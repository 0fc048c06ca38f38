"""What the facts settle, row by row from the labelling guideline."""

from datetime import UTC, datetime

import pytest

from services.classifier.tagging.facts import Facts
from services.classifier.tagging.judging import judge
from shared.events.tags import Fault

DUE = "2026-06-30T23:59:59+02:00"
IN_TIME = "2026-06-30T18:00:00+02:00"
LATE = "2026-07-01T09:00:00+02:00"

CASES: list[tuple[str, dict[str, object], set[str], Fault | None, str | None]] = [
    ("paid late", {"due_at": DUE, "paid_at": LATE}, set(), Fault.CUSTOMER, "paid_after_due"),
    ("paid in time", {"due_at": DUE, "paid_at": IN_TIME}, set(), Fault.COMPANY, "paid_in_time"),
    (
        "zones are compared as instants",
        {"due_at": "2026-06-30T23:00:00+02:00", "paid_at": "2026-06-30T22:30:00+00:00"},
        set(),
        Fault.CUSTOMER,
        "paid_after_due",
    ),
    (
        "a long outage covers the due moment",
        {"due_at": DUE, "paid_at": LATE, "incident": "down 2026-06-28 08:00 - 2026-07-01 08:30"},
        set(),
        Fault.COMPANY,
        "incident_covers_due",
    ),
    (
        "its own window beats its name",
        {
            "due_at": DUE,
            "paid_at": LATE,
            "incident": "INC-1",
            "incident_from": "2026-06-29T00:00:00+02:00",
            "incident_to": "2026-07-01T08:00:00+02:00",
        },
        set(),
        Fault.COMPANY,
        "incident_covers_due",
    ),
    (
        "an evening outage, left to the last hour by choice",
        {"due_at": DUE, "paid_at": LATE, "incident": "down 2026-06-30 21:50-00:40"},
        {"last_hour", "own_choice"},
        Fault.SHARED,
        "left_to_the_incident",
    ),
    (
        "an evening outage, the hour named but no choice",
        {"due_at": DUE, "paid_at": LATE, "incident": "down 2026-06-30 21:50-00:40"},
        {"last_hour"},
        Fault.COMPANY,
        "incident_covers_due",
    ),
    (
        "an evening outage, nothing said",
        {"due_at": DUE, "paid_at": LATE, "incident": "down 2026-06-30 21:50-00:40"},
        set(),
        Fault.COMPANY,
        "incident_covers_due",
    ),
    (
        "an outage long over",
        {"due_at": DUE, "paid_at": LATE, "incident": "down 2026-06-12 06:00-07:10"},
        set(),
        Fault.CUSTOMER,
        "incident_elsewhen",
    ),
    (
        "delivered late",
        {"promised_by": DUE, "delivered_at": LATE},
        set(),
        Fault.COMPANY,
        "delivered_after_promise",
    ),
    (
        "an incident without times is no excuse for lateness",
        {"due_at": DUE, "paid_at": LATE, "incident": "INC-77"},
        set(),
        Fault.CUSTOMER,
        "paid_after_due",
    ),
    (
        "unless the message speaks of it",
        {"due_at": DUE, "paid_at": LATE, "incident": "INC-77"},
        {"outage"},
        None,
        None,
    ),
    (
        "the last hour alone is the customer's",
        {"due_at": DUE, "paid_at": LATE},
        {"last_hour"},
        Fault.CUSTOMER,
        "paid_after_due",
    ),
    (
        "the last hour and a power cut",
        {"due_at": DUE, "paid_at": LATE},
        {"last_hour", "outage"},
        None,
        None,
    ),
    ("delivered in time", {"promised_by": DUE, "delivered_at": IN_TIME}, set(), None, None),
    (
        "promised, not delivered",
        {"promised_by": DUE},
        set(),
        Fault.COMPANY,
        "promise_without_delivery",
    ),
    ("not authorised", {"authorised": False}, set(), Fault.THIRD_PARTY, "not_authorised"),
    ("not authorised, code given away", {"authorised": False}, {"gave_code"}, None, None),
    (
        "not authorised, bank failed",
        {"authorised": False, "incident": "block requested, not executed"},
        set(),
        Fault.COMPANY,
        "not_authorised_after_report",
    ),
    ("authorised says nothing", {"authorised": True}, set(), None, None),
    ("another bank", {"rejected_by": "other_bank"}, set(), Fault.THIRD_PARTY, "rejected_elsewhere"),
    (
        "another bank, account mistyped",
        {"rejected_by": "other_bank"},
        {"own_slip"},
        Fault.CUSTOMER,
        "rejected_after_slip",
    ),
    ("a shop, own slip told", {"rejected_by": "merchant"}, {"own_slip"}, None, None),
    ("this bank, cause unknown", {"rejected_by": "bank"}, set(), None, None),
    ("terms accepted", {"terms_accepted": True}, set(), Fault.CUSTOMER, "terms_accepted"),
    ("terms not accepted", {"terms_accepted": False}, set(), Fault.COMPANY, "terms_not_accepted"),
    ("a known incident", {"incident": "card host down"}, set(), Fault.COMPANY, "known_incident"),
    ("an incident elsewhere", {"incident": "outage at recipient bank"}, set(), None, None),
    (
        "late payment, late delivery: the facts contradict each other",
        {"due_at": DUE, "paid_at": LATE, "promised_by": DUE, "delivered_at": LATE},
        set(),
        Fault.UNCLEAR,
        "facts_contradict",
    ),
    (
        "a rejection explains the lateness",
        {"due_at": DUE, "paid_at": LATE, "rejected_by": "sender_bank"},
        set(),
        Fault.THIRD_PARTY,
        "rejected_elsewhere",
    ),
    ("nothing", {}, set(), None, None),
    ("an unknown key", {"weather": "rain", "paid": LATE}, set(), None, None),
    ("a time without a zone", {"due_at": "2026-06-30T12:00", "paid_at": LATE}, set(), None, None),
    ("nonsense", {"due_at": 12, "paid_at": "soon", "authorised": "no"}, set(), None, None),
    ("not known", {"due_at": None, "paid_at": None, "incident": None}, set(), None, None),
]


@pytest.mark.parametrize(
    ("facts", "said", "fault", "rule"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_facts_settle_who_erred(
    facts: dict[str, object], said: set[str], fault: Fault | None, rule: str | None
) -> None:
    finding = judge(Facts.read(facts), frozenset(said), None)
    assert (finding and finding.fault) == fault
    assert (finding and finding.rule) == rule


def test_doubt_yields_to_a_fact_but_not_to_a_promise_still_open() -> None:
    accepted = judge(Facts.read({"terms_accepted": True}), frozenset(), "fee_dispute")
    open_promise = judge(Facts.read({"promised_by": DUE}), frozenset(), None)
    assert accepted is not None
    assert open_promise is not None
    assert accepted.outweighs(Fault.UNCLEAR, 0.9)
    assert not accepted.outweighs(Fault.COMPANY, 0.4)
    assert not open_promise.outweighs(Fault.UNCLEAR, 0.4)


def test_parsed_and_written_instants_mean_the_same() -> None:
    parsed = Facts.read({"due_at": datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), "paid_at": LATE})
    written = Facts.read({"due_at": DUE, "paid_at": LATE})
    assert parsed == written


def test_a_question_has_nobody_who_erred() -> None:
    assert judge(Facts.read({"terms_accepted": True}), frozenset(), "information") is None


@pytest.mark.parametrize("name", ["9999-12-31", "2026-13-45 99:99", "x" * 5000, "0001-01-01 24:00"])
def test_an_odd_incident_name_is_no_error(name: str) -> None:
    judge(Facts.read({"due_at": DUE, "paid_at": LATE, "incident": name}), frozenset(), None)
