"""Decisions as people send them to the desk."""

from typing import Any

DECLINE: dict[str, Any] = {"disposition": "declined", "reasons": ["own_slip_by_contract"]}


def refund(euros: str, **more: object) -> dict[str, Any]:
    """Return a decision as the table has it for a broken promise, but for the sum refunded."""
    return {
        "disposition": "upheld",
        "remedies": [
            {"kind": "refund", "money": {"amount": euros, "currency": "EUR"}},
            {"kind": "expedite"},
            {"kind": "credit", "money": {"amount": "5", "currency": "EUR"}},
            {"kind": "apology"},
            {"kind": "explanation"},
        ],
        "reasons": ["seen"],
        **more,
    }
