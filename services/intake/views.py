"""How a stored case is shown: rows to JSON, and the cursor that leads to the next page. Pure."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from services.intake.store import Filter, StoredCase

_CHECK: Final = 6
_FOR_STAFF: Final = frozenset({"nudged", "escalated"})
"""What happens on a clock between us: whom it called."""


class Row(Protocol):
    """A row of `cases`."""

    def __getitem__(self, column: str, /) -> Any: ...  # noqa: ANN401 - whatever the column holds


def iso(instant: datetime | None) -> str | None:
    """Write an instant as ISO 8601 in UTC."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(text: str | None) -> Any:  # noqa: ANN401 - JSON is any value
    return None if text is None else json.loads(text)


def summary(case: Row, base_url: str) -> dict[str, Any]:
    """Show a case as one line of a list."""
    decision = _json(case["decision"])
    return {
        "case_id": str(case["case_id"]),
        "status": case["status"],
        "status_url": f"{base_url}/v1/cases/{case['case_id']}",
        "customer": {"id": case["customer_id"]},
        "channel": case["channel"],
        "category": case["category"],
        "language": case["language"],
        "jurisdiction": case["jurisdiction"],
        "received_at": iso(case["received_at"]),
        "accepted_at": iso(case["accepted_at"]),
        "answer_due_at": iso(case["answer_due_at"]),
        "disposition": decision and decision["disposition"],
    }


def detail(stored: StoredCase, base_url: str, *, staff: bool) -> dict[str, Any]:
    """Show everything of a case; what is proposed to staff only to staff."""
    case = stored.case
    opened = _json(case["opened"])
    view = summary(case, base_url)
    view["product"] = opened.get("product")  # a case of before knew none
    view["claim"] = opened["claim"]
    view["facts"] = _facts(opened["facts"])
    view["messages"] = _messages(opened, stored)
    view["tags"] = _json(case["tags"])
    view["decision"] = _decision(case)
    view["referral"] = _referral(case, staff=staff)
    events = [(row["at"], row["event"], _json(row["detail"])) for row in stored.timeline]
    if not staff:
        events = [each for each in events if each[2].get("kind") not in _FOR_STAFF]
    view["timeline"] = _timeline(case, stored, events)
    view["sla"] = {
        "answer_due_at": view["answer_due_at"],
        "milestones": [{"at": iso(at), **about} for at, event, about in events if event == "sla"],
    }
    if staff:
        view["proposal"] = _json(case["proposal"])
    return view


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Put the keys that are not known back where the integrator had them."""
    other = facts.pop("other")
    return {**{key: value for key, value in facts.items() if value is not None}, **other}


def _messages(opened: dict[str, Any], stored: StoredCase) -> list[dict[str, Any]]:
    first = {
        "sequence": 0,
        "channel": opened["channel"],
        "text": opened["text"],
        "received_at": opened["received_at"],
    }
    return [
        first,
        *(
            {
                "sequence": row["sequence"],
                "channel": row["channel"],
                "text": row["body"],
                "received_at": iso(row["received_at"]),
            }
            for row in stored.messages
        ),
    ]


def _decision(case: Row) -> dict[str, Any] | None:
    decision: dict[str, Any] | None = _json(case["decision"])
    return decision and {**decision, "decided_at": iso(case["decided_at"])}


def _referral(case: Row, *, staff: bool) -> dict[str, Any] | None:
    """Show where the case waits for a person, to staff also why; answered later, it is over."""
    referral: dict[str, Any] | None = _json(case["referral"])
    if referral is None:
        return None
    if case["decided_sequence"] >= case["referred_sequence"]:
        return None
    if not staff:
        referral.pop("reason", None)
    return {
        **referral,
        "since": iso(case["referred_at"]),
        "answer_due_at": iso(case["answer_due_at"]),
    }


def _timeline(
    case: Row, stored: StoredCase, events: Iterable[tuple[datetime, str, dict[str, Any]]]
) -> list[dict[str, Any]]:
    entries: list[tuple[datetime, dict[str, Any]]] = [
        (case["accepted_at"], {"event": "received", "sequence": 0}),
        *(
            (row["accepted_at"], {"event": "message", "sequence": row["sequence"]})
            for row in stored.messages
        ),
        *((at, {"event": event, **about}) for at, event, about in events),
    ]
    return [{"at": iso(at), **entry} for at, entry in sorted(entries, key=lambda entry: entry[0])]


def cursor_of(case_id: UUID, chosen: Filter) -> str:
    """Write where the next page begins; it fits the same filter only."""
    check = hashlib.sha256(case_id.bytes + repr(chosen).encode()).digest()[:_CHECK]
    return base64.urlsafe_b64encode(case_id.bytes + check).decode().rstrip("=")


def place_of(cursor: str, chosen: Filter) -> UUID | None:
    """Read a cursor; None when it is not one of ours for this filter."""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) != 16 + _CHECK:
        return None
    case_id = UUID(bytes=data[:16])
    return case_id if cursor_of(case_id, chosen) == cursor else None
