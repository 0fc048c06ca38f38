"""What a case's JSON says, in a few words."""

from datetime import datetime
from typing import Any, Final

from evenhand.service import Json
from shared.events.case import Status
from shared.events.catalogue import Notice

_SETTLED: Final = frozenset(
    {Status.DECIDED, Status.CLOSED, Status.IN_REVIEW, Status.WAITING_FOR_YOU}
)


def may_be_settled(status: str | None) -> bool:
    """Say whether a case of this status is worth a closer look."""
    return status in _SETTLED


def settled(case: Json) -> bool:
    """Say whether the case was decided or waits for a person (of ours, or the customer).

    In review without a person means that the bank's systems are asked first: that is soon over.
    """
    waits = case["status"] == Status.IN_REVIEW and not referred(case)
    return may_be_settled(case["status"]) and not waits


def decided(case: Json) -> bool:
    return case.get("decision") is not None


def referred(case: Json) -> bool:
    return case.get("referral") is not None


def asked(case: Json) -> bool:
    """Say whether the customer was asked something and we wait for the answer."""
    return bool(case["status"] == Status.WAITING_FOR_YOU)


def answer(case: Json) -> Json:
    """Return what was decided, or where the case waits and why."""
    if decided(case):
        decision = case["decision"]
        reasons = ", ".join(decision.get("reasons", ()))
        known = {"disposition": decision["disposition"], "basis": decision["basis"]}
        return {**known, "reasons": reasons} if reasons else known
    if referred(case):
        # Why it waits, and what is proposed, is only shown to staff.
        told = {**case["referral"], "proposed": (case.get("proposal") or {}).get("disposition")}
        shown = ("queue", "reason", "proposed")
        return {name: told[name] for name in shown if told.get(name) is not None}
    if asked(case):
        return {"asked": _asking(case)["question"]}
    return {}


def _asking(case: Json) -> Json:
    found: Json = next(entry for entry in case["timeline"][::-1] if entry["event"] == "asked")
    return found


def tag(case: Json, name: str) -> str | None:
    """Return the value of one of the tags; nothing before the message was tagged."""
    tags = case.get("tags") or {}
    value: str | None = tags.get(name, {}).get("value")
    return value


def seconds_to_answer(case: Json) -> float | None:
    """Return the seconds from acceptance to the decision, referral or question."""
    since = (case.get("decision") or {}).get("decided_at") or (case.get("referral") or {}).get(
        "since"
    )
    if since is None and asked(case):
        since = _asking(case)["at"]
    if since is None:
        return None
    return (_instant(since) - _instant(case["accepted_at"])).total_seconds()


def told(case: Json) -> bool:
    """Say whether the customer got the answer, or word that a person looks at it."""
    return any(
        entry["event"] == "notified" and entry["notice"] not in {Notice.RECEIPT, Notice.VERIFYING}
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
        ("product", case.get("product")),
        ("language, country", _list([case["language"], case["jurisdiction"]])),
        ("received at", case["received_at"]),
        ("claim", claim and f"{claim['amount']} {claim['currency']}"),
        ("facts", _list(f"{name}={value}" for name, value in case.get("facts", {}).items())),
        *((name, tag(case, name)) for name in ("tone", "pressure", "fault")),
        ("flags", _list(flag["value"] for flag in (case.get("tags") or {}).get("flags", ()))),
        *((name, value) for name, value in answer(case).items() if name != "reasons"),
        ("remedies", _list(remedy(each) for each in decision.get("remedies", ()))),
        ("reasons", _list(decision.get("reasons", ()))),
        ("rule", decision.get("rule")),
        ("decided by", decision.get("decided_by")),
        ("answer due at", case.get("answer_due_at")),
        *((f"clock, {each['at'][:16]}", milestone(each)) for each in _milestones(case)),
    ]
    return [(name, value) for name, value in rows if value]


def milestone(each: Json) -> str:
    """Return what happened on a clock: which rung, whom it called, until when."""
    about = (each.get("rung"), each.get("summoned"), each.get("legal_effect"))
    words = [each["kind"], each["clock"], *(word for word in about if word)]
    words += [f"new date {each['new_due_at'][:10]}"] if each.get("new_due_at") else []
    return ", ".join(words)


def _milestones(case: Json) -> list[Json]:
    found: list[Json] = (case.get("sla") or {}).get("milestones", [])
    return found


def remedy(one: Json) -> str:
    """Return a remedy with its sum, if it has one."""
    money = one.get("money")
    return f"{one['kind']} {money['amount']} {money['currency']}" if money else one["kind"]


def _list(values: Any) -> str:  # noqa: ANN401 - any iterable of values, None among them
    return ", ".join(str(value) for value in values if value is not None)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
