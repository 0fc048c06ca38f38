"""Turns rows of the database into what the domain knows."""

from functools import lru_cache

import asyncpg

from services.notifier.domain import CONTENT, Content, Plan, Recipient


@lru_cache(maxsize=4096)
def content_of(text: str) -> Content:
    """Read a content; there are few different ones, and they cannot be changed."""
    return CONTENT.validate_json(text)


def plan_of(row: asyncpg.Record) -> Plan:
    """Read a plan from the columns of `waiting` or `notices`."""
    return Plan(
        case_id=row["case_id"],
        customer_id=row["customer_id"],
        sequence=row["sequence"],
        content=content_of(row["content"]),
        language=row["language"],
        cause_id=row["cause_id"],
        traceparent=row["traceparent"],
        planned_at=row["planned_at"],
    )


def recipient_of(row: asyncpg.Record) -> Recipient:
    """Read a recipient; beside a notice, the language is that of the notice."""
    return Recipient(
        name=row["name"],
        email=row["email"],
        webhook=row["webhook"],
        language=row["language"],
        jurisdiction=row["jurisdiction"],
        phone=row["phone"],
        preferred=row["preferred"],
        unusable=frozenset(row["unusable"]),
    )
