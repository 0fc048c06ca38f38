"""What the page cannot take or show it refuses, on a page that says so in words."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
from fastapi import FastAPI

from services.notifier.messages import catalogue
from services.notifier.status_page.acting import Acting
from services.notifier.status_page.gate import Gate
from services.notifier.status_page.links import Links
from services.notifier.status_page.looking import Looking
from services.notifier.status_page.pages import Pages
from services.notifier.status_page.routes import routes
from services.notifier.status_page.watching import Watching
from shared.events.case import Status
from shared.postgres import connect
from tests.integration.conftest import Database
from tests.integration.status_page_service import EN, NOW, Running, Story, form_of, page


async def test_while_the_database_is_away_the_page_says_so_in_words(database: Database) -> None:
    pool = await connect(database.url("notifier"), schema="notifier", connections=2)
    await pool.close()
    links = Links("http://page", ["s" * 32], timedelta(days=1))
    pages = Pages("http://page", catalogue.load(None))
    app = FastAPI()
    gate = Gate(links, pages, pool)
    looking = Looking(gate, Watching(pool, asyncio.Event()), writable=False)
    app.include_router(routes(looking, Acting(gate, looking, None, ())))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        answer = await client.get(links.link(uuid4(), NOW))
    assert answer.status_code == 503
    assert EN.away.text in answer.text


async def test_an_answer_of_ten_megabytes_is_refused_on_a_page_that_says_so(
    service: Running,
) -> None:
    story = await service.begin()
    path = service.path(story.id)
    form = form_of((await service.client.get(path)).text, "reply")
    for act in ("reply", "person", "documents"):
        answer = await service.client.post(
            f"{path}/{act}", data={"form": form, "text": "x" * 10_000_000}
        )
        assert answer.status_code == 413
        assert EN.too_large.text in answer.text
    assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 0


async def test_a_form_from_elsewhere_does_nothing(service: Running) -> None:
    mine, other = Story(uuid4()), Story(uuid4())
    await service.happen(mine.opened(), other.opened())
    path = service.path(mine.id)
    own = form_of((await service.client.get(path)).text, "reply")
    foreign = form_of(await service.html(other.id), "reply")
    for data, headers in (
        ({"text": "x"}, {}),
        ({"text": "x", "form": foreign}, {}),
        ({"text": "x", "form": own}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = await service.client.post(f"{path}/reply", data=data, headers=headers)
        assert answer.status_code == 403
        assert EN.stale.text in answer.text
    assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 0


async def test_what_is_no_form_is_answered_with_a_page(service: Running) -> None:
    story = await service.begin()
    for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=x"):
        answer = await service.client.post(
            f"{service.path(story.id)}/reply", content=b"{}", headers={"Content-Type": kind}
        )
        assert answer.status_code == 400
        assert EN.unreadable.text in answer.text


async def test_without_a_key_for_intake_the_page_shows_and_takes_nothing_in(
    database: Database,
) -> None:
    async with page(database, intake_key=None) as service:
        story = await service.begin()
        html = await service.html(story.id)
        assert EN.statuses[Status.RECEIVED].name in html
        assert "<form" not in html
