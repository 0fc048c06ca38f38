"""What a case's JSON says, in a few words."""

from datetime import datetime
from typing import Any, Final

from evenhand.client import Json
from shared.events.case import Status
from shared.events.catalogue import Notice

_SETTLED: Final = frozenset(
    {Status.DECIDED, Status.CLOSED, Status.IN_REVIEW, Status.WAITING_FOR_YOU}
)


def settled(case: Json) -> bool:
    """Say whether the case was decided or waits for a person (of ours, or the customer)."""
    return case["status"] in _SETTLED


def decided(case: Json) -> bool:
    return case.get("decision") is not None


def referred(case: Json) -> bool:
    return case.get("referral") is not None


def answer(case: Json) -> Json:
    """Return what was decided, or where the case waits and why."""
    if decided(case):
        decision = case["decision"]
        return {"disposition": decision["disposition"], "basis": decision["basis"]}
    if referred(case):
        # Why it waits, and what is proposed, is only shown to staff.
        known = {**case["referral"], "proposed": (case.get("proposal") or {}).get("disposition")}
        shown = ("queue", "reason", "proposed")
        return {name: known[name] for name in shown if known.get(name) is not None}
    return {}


def tag(case: Json, name: str) -> str | None:
    """Return the value of one of the tags; nothing before the message was tagged."""
    tags = case.get("tags") or {}
    value: str | None = tags.get(name, {}).get("value")
    return value


def seconds_to_answer(case: Json) -> float | None:
    """Return the seconds from acceptance to the decision or referral."""
    since = (case.get("decision") or {}).get("decided_at") or (case.get("referral") or {}).get(
        "since"
    )
    if since is None:
        return None
    return (_instant(since) - _instant(case["accepted_at"])).total_seconds()


def told(case: Json) -> bool:
    """Say whether the customer got the answer, or word that a person looks at it."""
    return any(
        entry["event"] == "notified" and entry["notice"] != Notice.RECEIPT
        for entry in case["timeline"]
    )


def facts_of(case: Json) -> list[tuple[str, Any]]:
    """Return a case as rows of a name and a value."""
    claim = case.get("claim")
    decision = case.get("decision") or {}
    rows = [
        ("case", case["case_id"]),
        ("customer", case["customer"]["id"]),
        ("status", case["status"]),
        ("channel, category", f"{case['channel']}, {case['category']}"),
        ("language, country", _list([case["language"], case["jurisdiction"]])),
        ("received at", case["received_at"]),
        ("claim", claim and f"{claim['amount']} {claim['currency']}"),
        ("facts", _list(f"{name}={value}" for name, value in case.get("facts", {}).items())),
        *((name, tag(case, name)) for name in ("tone", "pressure", "fault")),
        ("flags", _list(flag["value"] for flag in (case.get("tags") or {}).get("flags", ()))),
        *answer(case).items(),
        ("remedies", _list(_remedy(remedy) for remedy in decision.get("remedies", ()))),
        ("reasons", _list(decision.get("reasons", ()))),
        ("rule", decision.get("rule")),
        ("decided by", decision.get("decided_by")),
        ("answer due at", case.get("answer_due_at")),
    ]
    return [(name, value) for name, value in rows if value]


def _remedy(remedy: Json) -> str:
    money = remedy.get("money")
    return f"{remedy['kind']} {money['amount']} {money['currency']}" if money else remedy["kind"]


def _list(values: Any) -> str:  # noqa: ANN401 - any iterable of values, None among them
    return ", ".join(str(value) for value in values if value is not None)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
