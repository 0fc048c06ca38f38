"""The routes of lists: the queue, approvals, the ledger, samples, one's own certificate."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.decision.desk import approving, certificates, openapi, queue, samples, taking_back
from services.decision.desk.asking import choice_of, limit_of, query_of, truth_of
from services.decision.desk.parts import CONNECT, Desk
from services.decision.desk.people import person_of, reader_of
from services.decision.desk.queue import After, Filter
from shared import clock
from shared.events.catalogue import Queue
from shared.http import problems
from shared.http.answers import answer
from shared.http.flaws import Flaw

_APPROVALS: Final = ("open", "given", "refused", "withdrawn", "all")
_QUEUE: Final = ("queue", "assignee", "mine", "cursor", "limit")


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/desk", tags=["desk: lists"])
    lists = _Lists(desk)
    for path, route, parameters in (
        ("/queue", lists.queue, _QUEUE),
        ("/certificate", lists.certificate, ()),
        ("/approvals", lists.approvals, ("state", "limit")),
        ("/ledger", lists.ledger, ("state", "limit")),
        ("/samples", lists.samples, ("reviewed", "limit")),
    ):
        router.add_api_route(
            path,
            route,
            methods=["GET"],
            response_class=Response,
            openapi_extra=openapi.listing(*parameters),
        )
    return router


@dataclass(frozen=True, slots=True)
class _Lists:
    desk: Desk

    async def queue(self, request: Request) -> Response:
        """List what people have to do, most urgent first, each with its reason and place."""
        caller = await reader_of(self.desk, request)
        query = query_of(request, _QUEUE)
        named = choice_of(query, "queue", tuple(Queue))
        chosen = Filter(
            caller.subject,
            Queue(named) if named else None,
            query.get("assignee"),
            truth_of(query, "mine") is True,
        )
        after, most = After(), limit_of(query)
        if "cursor" in query:
            found = queue.place_of(query["cursor"], chosen)
            if found is None:
                raise problems.invalid(
                    Flaw("cursor", "is not a next_cursor of this list; start again without it")
                )
            after = found
        async with self.desk.pool.acquire(timeout=CONNECT) as connection:
            effort = await self.desk.effort.of(connection)
            cases, cursor = await queue.listed(connection, chosen, after, most, effort)
        return answer({"cases": cases, "next_cursor": cursor})

    async def certificate(self, request: Request) -> Response:
        """Show your certificate: its limits in EUR, and what you have granted this month."""
        person = await person_of(self.desk, request)
        query_of(request, ())
        policy, now = self.desk.policy(), clock.now()
        async with self.desk.pool.acquire(timeout=CONNECT) as connection:
            used = await certificates.spent(connection, person.id, now)
        return answer(
            {
                "person": person.id,
                "role": person.role,
                "limits": policy.certificates.of(person.role).model_dump(mode="json"),
                "two_people_from": str(policy.two_people_from),
                "month": certificates.period_of(now),
                "euros": str(used.euros),
                "times": used.times,
            }
        )

    async def approvals(self, request: Request) -> Response:
        """List what waits (or waited) for a second person."""
        await reader_of(self.desk, request)
        query = query_of(request, ("state", "limit"))
        state = choice_of(query, "state", _APPROVALS) or "open"
        wanted = None if state == "all" else state
        async with self.desk.pool.acquire(timeout=CONNECT) as connection:
            found = await approving.listed(connection, wanted, most=limit_of(query))
        return answer({"approvals": found})

    async def ledger(self, request: Request) -> Response:
        """List what was granted on trust, and what became of its check."""
        await reader_of(self.desk, request)
        query = query_of(request, ("state", "limit"))
        state = choice_of(query, "state", taking_back.STATES)
        async with self.desk.pool.acquire(timeout=CONNECT) as connection:
            found = await taking_back.listed(connection, state, most=limit_of(query))
        return answer({"ledger": found})

    async def samples(self, request: Request) -> Response:
        """List the random sample of people's decisions."""
        await reader_of(self.desk, request)
        query = query_of(request, ("reviewed", "limit"))
        reviewed = truth_of(query, "reviewed")
        async with self.desk.pool.acquire(timeout=CONNECT) as connection:
            found = await samples.listed(connection, reviewed=reviewed, most=limit_of(query))
        return answer({"samples": found})
