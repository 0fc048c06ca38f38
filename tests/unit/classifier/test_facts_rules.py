"""What the facts settle, row by row from the labelling guideline."""

from datetime import UTC, datetime

import pytest

from services.classifier.tagging.facts import Facts
from services.classifier.tagging.judging import judge
from services.classifier.tagging.message import Message, circumstances
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


PAID_IN_TIME: dict[str, object] = {"due_at": DUE, "paid_at": IN_TIME}


@pytest.mark.parametrize("category", ["missed_due_date", "fee_dispute", None])
def test_a_payment_in_time_settles_whether_it_was_late(category: str | None) -> None:
    finding = judge(Facts.read(PAID_IN_TIME), frozenset(), category)
    assert finding is not None
    assert (finding.fault, finding.rule, finding.settles) == (Fault.COMPANY, "paid_in_time", True)


@pytest.mark.parametrize("category", ["payment_failed", "app_outage"])
def test_a_payment_in_time_only_supports_what_is_said_of_a_payment_that_failed(
    category: str,
) -> None:
    finding = judge(Facts.read(PAID_IN_TIME), frozenset(), category)
    assert finding is not None
    assert not finding.settles
    assert not finding.outweighs(Fault.THIRD_PARTY, 0.4)


@pytest.mark.parametrize("category", ["other", "wrong_transfer", "fraud", "card_problem"])
def test_a_payment_in_time_says_nothing_of_another_matter(category: str) -> None:
    assert judge(Facts.read(PAID_IN_TIME), frozenset(), category) is None


@pytest.mark.parametrize(
    ("category", "counts"),
    [
        ("missed_due_date", True),
        ("payment_failed", True),
        ("other", True),
        (None, True),
        ("wrong_transfer", False),
        ("fraud", False),
        ("terms_change", False),
        ("staff_conduct", False),
    ],
)
def test_the_model_sees_a_payment_in_time_only_where_it_can_matter(
    category: str | None, *, counts: bool
) -> None:
    says_nothing = {"incident_to": DUE}
    in_time, silent = (
        circumstances(Message("", facts, category), Facts.read(facts))
        for facts in (PAID_IN_TIME, says_nothing)
    )
    assert (in_time != silent) is counts


@pytest.mark.parametrize(
    ("said", "fault"), [(set(), Fault.THIRD_PARTY), ({"own_slip"}, Fault.CUSTOMER)]
)
def test_a_rejection_elsewhere_is_the_root_though_the_payment_left_in_time(
    said: set[str], fault: Fault
) -> None:
    facts = Facts.read(PAID_IN_TIME | {"rejected_by": "recipient bank"})
    for category in ("missed_due_date", "fee_dispute", "payment_failed", None):
        finding = judge(facts, frozenset(said), category)
        assert finding is not None
        assert finding.fault is fault


@pytest.mark.parametrize(
    "name",
    [
        "Merchant card payments outage",
        "Transfers to other banks down",
        "transfers to the recipient bank down",
        "payments from sender bank delayed",
        "incoming transfers from other banks delayed",
        "search by recipient name down",
        "card blocked by mistake of operator confirmed",
    ],
)
def test_an_outage_of_what_the_bank_does_for_others_is_its_own(name: str) -> None:
    assert Facts.read({"incident": name}).is_ours
    window = {"incident_from": "2026-06-29T08:00:00+02:00", "incident_to": LATE}
    late = Facts.read({"due_at": DUE, "paid_at": LATE, "incident": name} | window)
    finding = judge(late, frozenset(), "missed_due_date")
    assert finding is not None
    assert (finding.fault, finding.rule) == (Fault.COMPANY, "incident_covers_due")


@pytest.mark.parametrize(
    "name",
    [
        "outage at recipient bank 2026-08-03",
        "outage at other banks",
        "outage at the merchant",
        "Outage at merchant 2026-08-03",
        "recipient bank confirms erroneous freeze",
        "other_bank_atm_fault_confirmed",
        "other bank outbound queue failure 1109 1112",
        "sanctions filter of recipient bank",
        "recipient's bank down",
        "sim_swap_confirmed_by_operator",
        "contactless terminal batch misread amounts merchant acquirer fault",
        "recipient account closed 2026-01-31 customer used old template",
    ],
)
def test_an_outage_at_somebody_else_is_not_the_banks(name: str) -> None:
    assert not Facts.read({"incident": name}).is_ours


@pytest.mark.parametrize(
    "name",
    [
        "bank",
        "The Bank",
        "own_system",
        "own-system",
        "Own System",
        "our bank",
        "us",
        "our fraud filter",
        "by our AML check",
        "evenhand",
        "the bank's sanctions filter",
    ],
)
def test_a_rejection_by_the_bank_itself_is_known_by_its_name(name: str) -> None:
    assert Facts.read({"rejected_by": name}).is_rejected_elsewhere is False


@pytest.mark.parametrize(
    "name", ["recipient bank", "US Bank", "recipient's own bank", "Bank of Ireland", "owner bank"]
)
def test_a_rejection_by_another_bank_is_elsewhere(name: str) -> None:
    assert Facts.read({"rejected_by": name}).is_rejected_elsewhere is True


@pytest.mark.parametrize(
    ("ended", "fault"),
    [
        ("23:59", Fault.COMPANY),
        ("23:58", Fault.COMPANY),
        ("23:50", None),
        ("23:01", None),
        ("22:59", Fault.CUSTOMER),
    ],
)
def test_an_outage_over_shortly_before_the_due_moment_leaves_the_words_to_tell(
    ended: str, fault: Fault | None
) -> None:
    facts = {"due_at": DUE, "paid_at": LATE, "incident": f"down 2026-06-30 20:00-{ended}"}
    finding = judge(Facts.read(facts), frozenset(), "missed_due_date")
    assert (finding and finding.fault) == fault
