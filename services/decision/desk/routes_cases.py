"""The routes of single cases: look, take, give back, decide."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.decision.desk import (
    acts,
    causing,
    deadlines,
    deciding,
    ending,
    openapi,
    showing,
    tagging,
)
from services.decision.desk.asking import form_of, id_of, query_of, truth_of
from services.decision.desk.forms import (
    CauseForm,
    ClockForm,
    DecideForm,
    EndServiceForm,
    ExpectForm,
    ExtendForm,
    HandOverForm,
    PauseForm,
    TagsForm,
    VersionForm,
)
from services.decision.desk.parts import CONNECT, Desk, Done, carry_out, note_case
from services.decision.desk.people import Person, person_of, reader_of
from services.decision.in_return import offers
from shared.http.answers import answer
from shared.postgres import Connection

AnyForm = TypeVar("AnyForm", bound=BaseModel)


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["desk: cases"])

    async def show(case_id: str, request: Request) -> Response:
        """Show a case: text (abuse covered), facts, proposal, choices, history; ETag = version."""
        return await _show(desk, request, case_id)

    router.add_api_route(
        "/v1/desk/cases/{case_id}",
        show,
        methods=["GET"],
        response_class=Response,
        openapi_extra=openapi.showing(),
    )
    _add(
        router,
        desk,
        "take",
        VersionForm,
        lambda tx, person, case_id, form: acts.take(tx, person, case_id, form, desk.take_lasts),
        "Take a case into your hands, for some hours; then it is back in the queue.",
    )
    _add(router, desk, "release", VersionForm, acts.release, "Put your case back into its queue.")
    _add(
        router,
        desk,
        "hand-over",
        HandOverForm,
        acts.hand_over,
        "Hand your case over. No reason is needed; you are offered it last.",
    )
    _add(
        router,
        desk,
        "done",
        VersionForm,
        acts.acknowledge,
        "Close an answered case that you had only to see.",
    )
    _add(
        router,
        desk,
        "decide",
        DecideForm,
        lambda tx, person, case_id, form: deciding.decide(tx, person, case_id, form, desk.policy()),
        "Decide your case: at once inside your certificate (200), else a second person (202).",
    )
    _add(
        router,
        desk,
        "end-service",
        EndServiceForm,
        lambda tx, person, case_id, form: ending.propose(tx, person, case_id, form, desk.policy()),
        "Propose to end the customer's service; another person (head, executive) gives it.",
    )
    _add(
        router,
        desk,
        "extend",
        ExtendForm,
        lambda tx, person, case_id, form: deadlines.extend(
            tx, person, case_id, form, desk.packs, offers(desk.policy)
        ),
        "Extend the time for the answer as the pack allows: once, before it ends, with the letter.",
    )
    _add(
        router,
        desk,
        "expect",
        ExpectForm,
        deadlines.expect,
        "Say when you expect to answer: the date that the customer hears where a warning is due.",
    )
    _add(
        router,
        desk,
        "pause",
        PauseForm,
        lambda tx, person, case_id, form: deadlines.pause(tx, person, case_id, form, desk.packs),
        "Stop a clock, where its pack says that waiting stops it.",
    )
    _add(
        router,
        desk,
        "resume",
        ClockForm,
        lambda tx, person, case_id, form: deadlines.resume(tx, person, case_id, form, desk.packs),
        "Let a clock run again that was stopped.",
    )
    _add(
        router,
        desk,
        "tags",
        TagsForm,
        lambda tx, person, case_id, form: tagging.correct(
            tx, person, case_id, form, (desk.policy(), desk.packs)
        ),
        "Correct tags; a new proposal is made, and nothing is decided.",
    )
    _add(
        router,
        desk,
        "cause",
        CauseForm,
        lambda tx, person, case_id, form: causing.name(tx, person, case_id, form, desk.policy()),
        "Say what brought the case about.",
    )
    return router


def _add(  # noqa: PLR0913, PLR0917 - what a route is made of
    router: APIRouter,
    desk: Desk,
    name: str,
    kind: type[AnyForm],
    act: Callable[[Connection, Person, UUID, AnyForm], Awaitable[Done]],
    summary: str,
) -> None:
    async def route(case_id: str, request: Request) -> Response:
        person = await person_of(desk, request)
        identity = id_of(case_id, "case")
        form = await form_of(request, kind)
        note_case(identity)
        return await carry_out(desk, lambda tx: act(tx, person, identity, form))

    route.__doc__ = summary
    router.add_api_route(
        f"/v1/desk/cases/{{case_id}}/{name}",
        route,
        methods=["POST"],
        response_class=Response,
        name=name.replace("-", "_"),
        openapi_extra=openapi.act(kind),
    )


async def _show(desk: Desk, request: Request, text: str) -> Response:
    caller = await reader_of(desk, request)
    case_id = id_of(text, "case")
    show_text = truth_of(query_of(request, {"show_text"}), "show_text") is True
    async with desk.pool.acquire(timeout=CONNECT) as connection, connection.transaction():
        found = await showing.show(
            connection, case_id, caller.subject, (desk.policy(), desk.packs), show_text=show_text
        )
    note_case(case_id)
    return answer(found, headers={"ETag": f'"{found["version"]}"', "Cache-Control": "no-store"})
