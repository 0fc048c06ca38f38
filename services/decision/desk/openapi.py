"""Describes the desk's routes for its OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from shared.http.docs import as_openapi_3_0
from shared.http.problems import MEDIA_TYPE

_REASONS: Final = {
    400: "The body is not JSON: not UTF-8, a duplicate key, nested too deep.",
    401: "No API key, or not a valid one.",
    403: "The key lacks the role, or the certificate does not reach so far.",
    404: "There is no such thing.",
    409: "The case has moved on, is with somebody else, or a rule forbids it.",
    413: "The body is larger than 256 KiB.",
    415: "The body is of another type.",
    422: "Fields are wrong; `errors` names each and says what to do.",
    503: "Not stored now; repeat after `Retry-After` seconds.",
}
_READING: Final = (401, 403, 404, 422, 503)
_ACTING: Final = (400, 401, 403, 404, 409, 413, 415, 422, 503)


def act(kind: type[BaseModel]) -> dict[str, Any]:
    """Describe an act with a body."""
    return {
        **_route(_ACTING, {"200": "It was done.", "202": "It waits for a second person."}),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _schema(kind)}},
        },
    }


def showing() -> dict[str, Any]:
    """Describe `GET /v1/desk/cases/{case_id}`."""
    return {**_route(_READING, {"200": "The case."}), "parameters": _parameters({"show_text"})}


def listing(*parameters: str) -> dict[str, Any]:
    """Describe a list."""
    return {**_route(_READING, {"200": "A page."}), "parameters": _parameters(set(parameters))}


def _parameters(names: set[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
        for name in sorted(names)
    ]


def _route(refusals: tuple[int, ...], answers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "security": [{"apiKey": []}],
        "responses": {
            **{
                status: {"description": said, "content": {"application/json": {}}}
                for status, said in answers.items()
            },
            **{
                str(status): {"description": _REASONS[status], "content": {MEDIA_TYPE: {}}}
                for status in refusals
            },
        },
    }


def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    """Return a schema that needs nothing beside it: what it points to stands in it."""
    schema = kind.model_json_schema()
    parts = schema.pop("$defs", {})

    def inline(part: Any) -> Any:  # noqa: ANN401 - a schema is any JSON
        if isinstance(part, list):
            return [inline(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inline(parts[part["$ref"].rsplit("/", 1)[1]])
        return {name: inline(each) for name, each in part.items()}

    found: dict[str, Any] = as_openapi_3_0(inline(schema))
    return found
