"""What of a notice an operator or auditor sees. Pure."""

from datetime import datetime
from typing import Any, Protocol

from services.notifier.domain import Recipient
from services.notifier.reaching import phone_of


class Row(Protocol):
    """A row of the database, by its columns' names."""

    def __getitem__(self, name: str, /) -> Any: ...  # noqa: ANN401 - columns have any type


def state_of(row: Row) -> str:
    """Return how far a notice has come: the last thing that is known of it."""
    if row["outcome"] is None:
        return "queued"
    if row["outcome"] != "sent":
        return str(row["outcome"])
    for state in ("bounced", "read", "delivered"):
        if row[f"{state}_at"] is not None:
            return state
    return "sent"


def notice_json(row: Row, said: str | None = None) -> dict[str, Any]:
    """Return a notice; `said` is its text, where it could be proved."""
    sent_at = row["settled_at"] if row["outcome"] == "sent" else None
    proof = row["said_sha256"]
    return {
        "notice_id": str(row["id"]),
        "case_id": str(row["case_id"]),
        "notice": row["notice"],
        "sequence": row["sequence"],
        "channel": row["channel"],
        "language": row["language"],
        "state": state_of(row),
        "detail": row["detail"],
        "queued_at": _at(row["queued_at"]),
        "sent_at": _at(sent_at),
        "delivered_at": _at(row["delivered_at"]),
        "bounced_at": _at(row["bounced_at"]),
        "read_at": _at(row["read_at"]),
        "attempts_in_vain": row["attempts"] or 0,
        "next_attempt_at": _at(row["due_at"]),
        "subject": row["subject"],
        "text": said,
        "text_sha256": proof.hex() if proof is not None else None,
        "texts_version": row["texts"],
        "again_of": str(row["again_of"]) if row["again_of"] else None,
        "asked_by": row["asked_by"],
        "asked_because": row["asked_because"],
    }


def contacts_json(recipient: Recipient) -> dict[str, Any]:
    """Return which contacts there are and whether they will do, without showing them."""
    usable = {
        "email": None if recipient.email is None else "email" not in recipient.unusable,
        "phone": None
        if recipient.phone is None
        else phone_of(recipient.phone) is not None and "sms" not in recipient.unusable,
        "webhook": None if recipient.webhook is None else True,
    }
    said = {None: "none", True: "usable", False: "not usable"}
    return {name: said[one] for name, one in usable.items()} | {"preferred": recipient.preferred}


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
