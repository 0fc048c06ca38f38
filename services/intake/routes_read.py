"""Shows cases: one in full, many as a list, newest first."""

from typing import Final

from fastapi import APIRouter
from pydantic_core import PydanticCustomError
from starlette.requests import Request
from starlette.responses import Response

from services.intake import openapi, store, views
from services.intake.requests import Intake, caller_of, case_id_of, note_case
from services.intake.store import NEWEST, Filter
from shared.events.case import Status
from shared.http import problems
from shared.http.answers import answer
from shared.http.fields import instant
from shared.http.flaws import Flaw

_PAGE: Final = 50
_LARGEST_PAGE: Final = 200
_PARAMETERS: Final = frozenset({"status", "due_before", "customer", "cursor", "limit"})
_STATUSES: Final = frozenset(Status)
_CONNECT = 3.0


def routes(intake: Intake) -> APIRouter:
    """Return the routes that show something."""
    router = APIRouter(tags=["cases"])

    async def list_cases(request: Request) -> Response:
        """List cases, newest first; `next_cursor` leads to the next page, null ends the list."""
        return await _list(intake, request)

    async def show_case(case_id: str, request: Request) -> Response:
        """Show a case: status, timeline, tags, decision with reasons, SLA milestones."""
        return await _show(intake, request, case_id)

    router.add_api_route(
        "/v1/cases",
        list_cases,
        methods=["GET"],
        response_class=Response,
        openapi_extra=openapi.listing(_LARGEST_PAGE),
    )
    router.add_api_route(
        "/v1/cases/{case_id}",
        show_case,
        methods=["GET"],
        response_class=Response,
        openapi_extra=openapi.showing(),
    )
    return router


async def _show(intake: Intake, request: Request, text: str) -> Response:
    caller = await caller_of(intake, request, "read", "staff")
    case_id = case_id_of(text)
    async with intake.pool.acquire(timeout=_CONNECT) as connection:
        found = await store.find(connection, case_id)
    if found is None:
        raise problems.not_found("case")
    note_case(case_id)
    return answer(views.detail(found, intake.settings.base_url, staff=caller.may("staff")))


async def _list(intake: Intake, request: Request) -> Response:
    await caller_of(intake, request, "read", "staff")
    query = dict(request.query_params)
    chosen, most = _filter_of(query)
    before = NEWEST
    if "cursor" in query:
        place = views.place_of(query["cursor"], chosen)
        if place is None:
            raise problems.invalid(
                Flaw("cursor", "is not a next_cursor of this list; start again without it")
            )
        before = place
    async with intake.pool.acquire(timeout=_CONNECT) as connection:
        rows = await store.listed(connection, chosen, before, most + 1)
    page = rows[:most]
    more = len(rows) > most
    return answer(
        {
            "cases": [views.summary(row, intake.settings.base_url) for row in page],
            "next_cursor": views.cursor_of(page[-1]["case_id"], chosen) if more else None,
        }
    )


def _filter_of(query: dict[str, str]) -> tuple[Filter, int]:
    """Read the filter and the size of the page.

    Raises:
        ProblemError: 422, naming every parameter that is wrong.

    """
    flaws = [
        Flaw(name[:80], f"is not a parameter; known are {', '.join(sorted(_PARAMETERS))}")
        for name in query
        if name not in _PARAMETERS
    ]
    status, limit = query.get("status"), query.get("limit", str(_PAGE))
    if status is not None and status not in _STATUSES:
        flaws.append(Flaw("status", f"must be one of {', '.join(Status)}"))
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 5):  # noqa: PLR2004 - so that int() is cheap
        limit = "0"
    if not 1 <= int(limit) <= _LARGEST_PAGE:
        flaws.append(Flaw("limit", f"must be a number from 1 to {_LARGEST_PAGE}"))
    due_before = None
    if "due_before" in query:
        try:
            due_before = instant(query["due_before"])
        except PydanticCustomError as error:
            flaws.append(Flaw("due_before", f"{error.message()} (write + as %2B)"))
    if "\0" in query.get("customer", ""):
        flaws.append(Flaw("customer", "holds a NUL; remove it"))
    if flaws:
        raise problems.invalid(*flaws)
    return Filter(status, query.get("customer"), due_before), int(limit)
