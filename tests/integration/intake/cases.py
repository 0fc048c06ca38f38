"""What is sent to intake, and what its refusals name."""

from typing import Any

import httpx

from tests.integration.intake_service import Running

CASE: dict[str, Any] = {
    "customer": {
        "id": "C-1029",
        "name": "Anna Nowak",
        "language": "pl",
        "jurisdiction": "PL",
        "contacts": {"email": "anna@example.com"},
    },
    "channel": "web",
    "category": "missed_due_date",
    "product": "loan",
    "text": "Spóźniłam się z ratą.",
    "received_at": "2026-11-20T10:00:00+01:00",
    "claim": {"amount": "12.50", "currency": "PLN"},
    "facts": {"due_at": "2026-10-31T23:59:59+01:00", "branch": {"id": 7}},
}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def head_of(intake: Running, path: str, content_type: str, body: str) -> bytes:
    """Return the head of a request of which a test writes the body bit by bit."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: x",
        f"Content-Type: {content_type}",
        f"Authorization: Bearer {intake.key}",
        body,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def fields_of(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert {"type", "title", "detail"} <= set(problem)
    return [error["field"] for error in problem.get("errors", [])]
