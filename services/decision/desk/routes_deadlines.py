"""The routes of deadlines: incidents, and what brought each about."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.decision.desk import incidents, openapi
from services.decision.desk.asking import choice_of, form_of, id_of, limit_of, query_of
from services.decision.desk.forms import RootCauseForm
from services.decision.desk.parts import CONNECT, Desk, carry_out
from services.decision.desk.people import person_of, reader_of
from shared.http.answers import answer


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/desk/incidents", tags=["desk: deadlines"])
    deadlines = _Deadlines(desk)
    router.add_api_route(
        "",
        deadlines.listed,
        methods=["GET"],
        response_class=Response,
        openapi_extra=openapi.listing("state", "limit"),
    )
    router.add_api_route(
        "/{incident_id}/root-cause",
        deadlines.explain,
        methods=["POST"],
        response_class=Response,
        openapi_extra=openapi.act(RootCauseForm),
    )
    return router


@dataclass(frozen=True, slots=True)
class _Deadlines:
    desk: Desk

    async def listed(self, request: Request) -> Response:
        """List deadlines that passed without an answer, the oldest first."""
        await reader_of(self.desk, request)
        query = query_of(request, ("state", "limit"))
        state = choice_of(query, "state", incidents.STATES) or "open"
        async with self.desk.pool.acquire(timeout=CONNECT) as connection:
            found = await incidents.listed(connection, state, most=limit_of(query))
        return answer({"incidents": found})

    async def explain(self, incident_id: str, request: Request) -> Response:
        """Write down what brought a lapse about; the lapse stays as it is."""
        person = await person_of(self.desk, request)
        identity, form = id_of(incident_id, "incident"), await form_of(request, RootCauseForm)
        return await carry_out(
            self.desk, lambda tx: incidents.explain(tx, person.id, identity, form)
        )
