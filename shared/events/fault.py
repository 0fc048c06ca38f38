"""Fault: who erred. Apart from the other tags, because entitlement may see it and not them."""

from enum import StrEnum


class Fault(StrEnum):
    """Who erred, by the text and the structured facts together."""

    COMPANY = "company"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    SHARED = "shared"
    UNCLEAR = "unclear"
