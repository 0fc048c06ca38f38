"""What the API page says about each route: bodies, answers, errors, examples. Data only."""

from collections.abc import Sequence
from typing import Any, Final

from services.intake.forms import CaseForm, MessageForm
from shared.events.case import Status
from shared.http.docs import as_openapi_3_0
from shared.http.problems import MEDIA_TYPE

_CASE_EXAMPLE: Final[dict[str, Any]] = {
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
    "text": "Spóźniłam się z ratą o dwie godziny, bardzo przepraszam.",
    "received_at": "2026-11-20T10:00:00+01:00",
    "claim": {"amount": "12.50", "currency": "PLN"},
    "facts": {
        "due_at": "2026-10-31T23:59:59+01:00",
        "paid_at": "2026-11-01T02:10:00+01:00",
    },
}
_RECEIPT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["case_id", "status", "status_url"],
    "properties": {
        "case_id": {"type": "string", "format": "uuid"},
        "status": {"type": "string", "enum": ["received"]},
        "status_url": {"type": "string", "format": "uri"},
    },
}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_REASONS: Final = {
    400: "The body is not JSON: not UTF-8, a duplicate key, nested too deep.",
    401: "No API key, or not a valid one.",
    403: "The key lacks the role.",
    404: "There is no such case.",
    409: "The Idempotency-Key was used for another request.",
    413: "The body is larger than 256 KiB.",
    415: "The body is of another type.",
    422: "Fields are wrong; `errors` names each and says what to do.",
    503: "Not stored now; repeat after `Retry-After` seconds.",
}
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Same key and same body: the same answer and one case. Other body: 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_ID: Final[dict[str, Any]] = {
    "name": "case_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}


def schemas() -> dict[str, Any]:
    """Return the schemas that routes point to."""
    found: dict[str, Any] = {"Problem": _PROBLEM}
    for form in (CaseForm, MessageForm):
        schema = form.model_json_schema(ref_template="#/components/schemas/{model}")
        found.update(schema.pop("$defs", {}))
        found[form.__name__] = schema
    return {name: as_openapi_3_0(schema) for name, schema in found.items()}


def submit() -> dict[str, Any]:
    """Describe `POST /v1/cases`."""
    return _route(
        (400, 401, 403, 409, 413, 415, 422, 503),
        {"202": _json("The case is durably stored.", _RECEIPT)},
        parameters=[_KEY],
        body=_body("application/json", "CaseForm", _CASE_EXAMPLE),
    )


def message() -> dict[str, Any]:
    """Describe `POST /v1/cases/{case_id}/messages`."""
    stored = {
        "type": "object",
        "required": ["case_id", "sequence", "status"],
        "properties": {
            "case_id": {"type": "string", "format": "uuid"},
            "sequence": {"type": "integer", "minimum": 1},
            "status": {"type": "string", "enum": ["received"]},
        },
    }
    return _route(
        (400, 401, 403, 404, 409, 413, 415, 422, 503),
        {"202": _json("The message is durably stored.", stored)},
        parameters=[_ID, _KEY],
        body=_body("application/json", "MessageForm", {"text": "I paid it this morning."}),
    )


def batch(types: Sequence[str]) -> dict[str, Any]:
    """Describe `POST /v1/cases:batch`."""
    return _route(
        (401, 403, 415, 422, 503),
        {
            "200": {
                "description": "One line for each case, in order: line, status, and either "
                "case_id and status_url or a problem. Read them while you send: from about "
                "50,000 unread results on, no more lines are taken.",
                "content": {types[0]: {"schema": {"type": "string"}}},
            }
        },
        parameters=[_KEY],
        body={
            "required": True,
            "content": {kind: {"schema": {"type": "string"}} for kind in types},
        },
    )


def listing(largest: int) -> dict[str, Any]:
    """Describe `GET /v1/cases`."""
    parameters: dict[str, dict[str, Any]] = {
        "status": {"type": "string", "enum": [status.value for status in Status]},
        "due_before": {"type": "string", "format": "date-time"},
        "customer": {"type": "string"},
        "cursor": {"type": "string"},
        "limit": {"type": "integer", "minimum": 1, "maximum": largest},
    }
    page = {
        "type": "object",
        "required": ["cases", "next_cursor"],
        "properties": {
            "cases": {"type": "array", "items": {"type": "object"}},
            "next_cursor": {"type": "string", "nullable": True},
        },
    }
    return _route(
        (401, 403, 422, 503),
        {"200": _json("A page of cases.", page)},
        parameters=[
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in parameters.items()
        ],
    )


def showing() -> dict[str, Any]:
    """Describe `GET /v1/cases/{case_id}`."""
    return _route(
        (401, 403, 404, 503),
        {"200": _json("The case.", {"type": "object"})},
        parameters=[_ID],
    )


def _route(
    refusals: Sequence[int],
    answers: dict[str, Any],
    *,
    parameters: Sequence[dict[str, Any]],
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    problems = {
        str(status): {
            "description": _REASONS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in refusals
    }
    described: dict[str, Any] = {
        "security": [{"apiKey": []}],
        "parameters": list(parameters),
        "responses": {**answers, **problems},
    }
    return described if body is None else {**described, "requestBody": body}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _body(kind: str, model: str, example: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {"required": True, "content": {kind: {"schema": schema, "example": example}}}
