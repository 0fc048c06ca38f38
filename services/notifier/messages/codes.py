"""What messages tell apart: languages, reasons, delays. The texts have a sentence for each."""

from collections.abc import Mapping
from typing import Final

from services.notifier.domain import Language
from shared.events.answer import RemedyKind

LOCALES: Final = {
    Language.EN: "en_GB",
    Language.RU: "ru",
    Language.UK: "uk",
    Language.PL: "pl",
}

REASONS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "company_at_fault": {"paid_in_time": frozenset({"due", "paid"})},
    "promise_broken": {
        "delivered": frozenset({"promised", "delivered"}),
        "passed": frozenset({"promised"}),
    },
    "malfunction": {"window": frozenset({"began", "ended"})},
    "wrong_fee": {"paid_in_time": frozenset({"due", "paid"})},
    "imposed_change": {},
    "unauthorised_payment": {},
    "own_slip_forgiven": {"late": frozenset({"due", "paid"})},
    "own_slip_by_contract": {"late": frozenset({"due", "paid"})},
    "own_slip_too_late": {"late": frozenset({"due", "late", "forgiven"})},
    "own_slip_repeated": {"times": frozenset({"exceptions"})},
    "terms_accepted": {"refused": frozenset()},
    "lawful_change_of_terms": {},
    "third_party_help": {},
    "trusted": {},
    "verified": {},
    "shared_fault": {"claimed": frozenset({"claimed"})},
    "staff_conduct": {},
    "information": {},
    "service_ended": {},
    "service_ended_conduct": {},
    "service_ended_safety": {},
    "service_ended_trust": {},
}
"""Reason codes that customers are told of, with the figures that a fuller sentence needs, the
fullest first. All other codes are for the bank."""

OURS: Final = ("promise_broken", "malfunction", "wrong_fee", "imposed_change", "company_at_fault")
"""Reasons by which the company erred: they are said first, with the apology."""

UNSAID: Final = frozenset({RemedyKind.BOUNDARY})
"""Remedies that the customer is not told of as such: a boundary has its own sentence."""

LETTER_PARTS: Final = frozenset(
    {"reason", "facts_to_establish", "provisional_credit", "ombudsman_rights", "status"}
)
"""Parts of a holding letter, each in the words of whoever wrote it."""
DELAYS: Final = frozenset({"high_demand", "facts_to_establish", "other_party", "checking", "other"})
"""Why an answer takes longer; an unknown code is `other`."""

IN_RETURN: Final = frozenset({"priority"})
"""What is done for a case that has to wait; of an unknown code nothing is said."""

LAWS: Final = frozenset({"eu", "gb"})
ELSEWHERE: Final = "elsewhere"
"""Laws on decisions without a person, by the names that `places.yaml` has for them."""

CHECKED: Final = frozenset(
    {"promise_broken", "wrong_fee", "company_at_fault", "imposed_change", "shared_fault", "other"}
)
"""What is compared with the bank's records after a grant on trust; an unknown code is `other`."""
