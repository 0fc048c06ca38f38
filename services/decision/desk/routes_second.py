"""The routes on which a second person speaks: approvals, taking back, samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.decision.desk import approving, deciding, ending, openapi, samples, taking_back
from services.decision.desk.approving import Carry, Kind
from services.decision.desk.asking import form_of, id_of, number_of
from services.decision.desk.forms import AnswerForm, RefuseForm, ReviewForm, TakeBackForm
from services.decision.desk.parts import Desk, carry_out
from services.decision.desk.people import person_of, reviewer_of

_CARRY: Final[Mapping[Kind, Carry]] = {
    "decision": deciding.carry,
    "service_ended": ending.carry,
    "take_back": taking_back.carry,
}


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/desk", tags=["desk: second person"])
    second = _Second(desk)
    for path, route, kind in (
        ("/approvals/{approval_id}/give", second.give, AnswerForm),
        ("/approvals/{approval_id}/refuse", second.refuse, RefuseForm),
        ("/ledger/{verification_id}/take-back", second.take_back, TakeBackForm),
        ("/samples/{position}/review", second.review, ReviewForm),
    ):
        router.add_api_route(
            path,
            route,
            methods=["POST"],
            response_class=Response,
            openapi_extra=openapi.act(kind),
        )
    return router


@dataclass(frozen=True, slots=True)
class _Second:
    desk: Desk

    async def give(self, approval_id: str, request: Request) -> Response:
        """Agree, as the second person: it is done at once."""
        person = await person_of(self.desk, request)
        identity, form = id_of(approval_id, "approval"), await form_of(request, AnswerForm)
        policy = self.desk.policy()
        return await carry_out(
            self.desk,
            lambda tx: approving.give(tx, person, identity, form.note, policy, _CARRY),
        )

    async def refuse(self, approval_id: str, request: Request) -> Response:
        """Refuse, as the second person, and say why; the case stays with the first."""
        person = await person_of(self.desk, request)
        identity, form = id_of(approval_id, "approval"), await form_of(request, RefuseForm)
        policy = self.desk.policy()
        return await carry_out(
            self.desk, lambda tx: approving.refuse(tx, person, identity, form.note, policy)
        )

    async def take_back(self, verification_id: str, request: Request) -> Response:
        """Propose to take back a grant that evidence contradicts; another person gives it."""
        person = await person_of(self.desk, request)
        identity = id_of(verification_id, "grant on trust")
        form, policy = await form_of(request, TakeBackForm), self.desk.policy()
        return await carry_out(
            self.desk, lambda tx: taking_back.propose(tx, person, identity, form, policy)
        )

    async def review(self, position: str, request: Request) -> Response:
        """Keep what is to be learnt from a sample."""
        caller = await reviewer_of(self.desk, request)
        number, form = number_of(position, "sample"), await form_of(request, ReviewForm)
        return await carry_out(
            self.desk, lambda tx: samples.review(tx, caller.subject, number, form.finding)
        )
