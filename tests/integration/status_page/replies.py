"""The page with intake behind it, and replies on their way from the one to the other."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import httpx

from tests.integration import intake_service
from tests.integration.conftest import Database
from tests.integration.notifier_service import until
from tests.integration.status_page_service import WORDS, Running, form_of, page


@dataclass
class Together:
    """The page and intake behind it, with a case that intake has taken in."""

    intake: intake_service.Running
    service: Running
    case_id: UUID

    @property
    def path(self) -> str:
        return self.service.path(self.case_id)

    async def html(self) -> str:
        """Return the page as it is now."""
        return await self.service.html(self.case_id)

    async def texts(self) -> list[str]:
        """Return the messages of the case as intake has them."""
        shown = (await self.intake.client.get(f"/v1/cases/{self.case_id}")).json()
        return [message["text"] for message in shown["messages"]]


@contextlib.asynccontextmanager
async def together(
    database: Database, case_id: UUID | None = None, more: Mapping[str, object] | None = None
) -> AsyncIterator[Together]:
    """Run both, with a new case or one that intake has; `more` are settings of the page."""
    async with intake_service.running(database) as intake:
        case_id = case_id or await submit(intake)
        url = f"http://127.0.0.1:{intake.port}"
        async with page(database, intake_url=url, intake_key=intake.key, more=more) as service:
            yield Together(intake, service, case_id)


async def submit(intake: intake_service.Running) -> UUID:
    """Let intake take a case in."""
    answer = await intake.client.post(
        "/v1/cases", json={"customer": {"id": "C-77"}, "channel": "web", "text": WORDS}
    )
    return UUID(answer.json()["case_id"])


async def reply(service: Running, case_id: UUID, text: str, times: int = 1) -> httpx.Response:
    """Send the page's form with these words."""
    data = {"form": form_of(await service.html(case_id), "reply"), "text": text}
    path = f"{service.path(case_id)}/reply"
    answers = [await service.client.post(path, data=data) for _ in range(times)]
    assert {answer.status_code for answer in answers} == {303}
    return answers[-1]


async def handed_over(service: Running, count: int) -> None:
    """Wait until so many replies have reached intake."""

    async def are_handed_over() -> bool:
        found = await service.notifier.pool.fetchval(
            "SELECT count(*) FROM replies WHERE outcome = 'handed_over'"
        )
        return int(found) >= count

    await until(are_handed_over)
