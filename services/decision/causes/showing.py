"""Causes as the desk shows them. Pure."""

from typing import Any

from services.decision.causes.listing import Cause
from services.decision.causes.sweep import Swept
from shared.events.catalogue import Decision


def cause_json(cause: Cause) -> dict[str, Any]:
    """Return a cause as the desk shows it."""
    return {
        "key": cause.key,
        "title": cause.title,
        "state": cause.state,
        "owner": cause.owner,
        "other_names": [name for name in cause.names if name != cause.key],
        "repeated": cause.repeated,
        "cases": cause.cases,
        "customers": cause.customers,
        "cost_eur": str(cause.euros),
        "trend": cause.trend,
        "last_30_days": cause.lately,
        "the_30_days_before": cause.before,
        "since_it_was_removed": cause.returned,
        "first_at": cause.first_at.isoformat(),
        "last_at": cause.last_at and cause.last_at.isoformat(),
        "affected": cause.affected,
        "redressed": cause.redressed,
        "confirmed_by": cause.confirmed_by,
        "removed_by": cause.removed_by,
    }


def swept_json(cause: Cause, swept: Swept) -> dict[str, Any]:
    """Return what a sweep of a cause found."""
    return {
        "key": cause.key,
        "state": cause.state,
        "look_alikes": [
            {
                "case_id": str(one.case_id),
                "customer_id": one.customer_id,
                "received_at": one.received_at.isoformat(),
                "likeness": one.likeness,
                "answered": _decision_json(one.answered),
                "would_be": _decision_json(one.would_be),
                "cost_eur": None if one.euros is None else str(one.euros),
            }
            for one in swept.look_alikes
        ],
        "silent": [
            {
                "customer_id": one.customer_id,
                "named_by": one.named_by,
                "named_at": one.named_at.isoformat(),
            }
            for one in swept.silent
        ],
        "more": swept.more,
    }


def _decision_json(decision: Decision) -> dict[str, Any]:
    shown = {"disposition", "basis", "remedies"}
    return decision.model_dump(mode="json", include=shown)
