"""The page tells where the case stands, in the reader's language, also when events overtake."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.notifier.domain import Language
from services.notifier.messages import catalogue, wording
from services.notifier.status_page.texts.load import load
from shared.events.case import Status
from shared.events.catalogue import Queue
from tests.integration.status_page_service import EN, NOW, Running, Story


async def test_the_page_tells_where_the_case_stands_at_every_step(service: Running) -> None:
    story = Story(uuid4())
    path = service.path(story.id)
    for event, said in (
        (story.opened(), EN.statuses[Status.RECEIVED].name),
        (story.asked(), EN.statuses[Status.WAITING_FOR_YOU].name),
        (
            story.message(1, "On Monday.", NOW - timedelta(days=2)),
            EN.statuses[Status.RECEIVED].name,
        ),
        (story.referred(at=NOW - timedelta(days=1, hours=5)), EN.statuses[Status.IN_REVIEW].name),
        (story.delayed(), EN.statuses[Status.DELAYED].name),
        (story.decided(), EN.statuses[Status.DECIDED].name),
        (story.referred(again=True, at=NOW), EN.statuses[Status.REOPENED].name),
    ):
        await service.happen(event)
        html = (await service.client.get(path)).text
        assert f"</span>{said}</h2>" in html


async def test_the_page_of_an_urgent_case_states_the_limit_and_promises_no_date_so_far_away(
    service: Running,
) -> None:
    story = await service.begin()
    due = NOW + timedelta(days=20)
    urgent = {"queue": Queue.FRAUD, "jurisdiction": "PL", "answer_due_at": due}
    await service.happen(story.referred().model_copy(update=urgent))
    html = (await service.client.get(service.path(story.id))).text
    words = catalogue.load()[Language.EN].in_review
    assert words.urgent in html
    assert words.deadline.format(date=wording.day(due, Language.EN, "PL")) in html
    assert EN.next.due.partition("{")[0] not in html


async def test_the_page_names_the_last_day_and_not_the_midnight_that_ends_it(
    service: Running,
) -> None:
    story = await service.begin()
    midnight = datetime(2040, 12, 20, 23, tzinfo=UTC)  # in Warsaw
    for event, said in (
        (story.asked().model_copy(update={"answer_by": midnight}), EN.next.answer_by),
        (story.referred().model_copy(update={"answer_due_at": midnight}), EN.next.due),
        (story.delayed().model_copy(update={"due_at": midnight}), EN.happened.delay),
    ):
        await service.happen(event)
        html = (await service.client.get(service.path(story.id))).text
        assert said.format(date="20 December 2040") in html
        assert "21 December 2040" not in html


async def test_an_answer_that_overtook_its_case_is_shown_all_the_same(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.decided())
    early = await service.html(story.id)
    assert EN.statuses[Status.DECIDED].name in early
    await service.happen(story.opened())
    assert "Please" in await service.html(story.id)


async def test_the_page_speaks_the_language_chosen_then_that_on_file_then_the_browsers(
    service: Running,
) -> None:
    filed, unfiled = Story(uuid4(), language="pl"), Story(uuid4(), language=None)
    await service.happen(filed.opened(), unfiled.opened())
    for story, query, expected in (
        (filed, "", Language.PL),
        (filed, "?lang=ru", Language.RU),
        (filed, "?lang=xx", Language.PL),
        (unfiled, "", Language.UK),
    ):
        answer = await service.client.get(
            service.path(story.id) + query, headers={"Accept-Language": "de, uk-UA;q=0.8"}
        )
        assert f'<html lang="{expected}">' in answer.text
        assert f"<h1>{load(expected).title}</h1>" in answer.text


async def test_when_the_page_first_showed_something_is_kept_as_proof(service: Running) -> None:
    story = await service.begin()
    pool = service.notifier.pool
    unread = "SELECT count(*) FROM happenings WHERE read_at IS NULL"
    assert await pool.fetchval(unread) == 1
    await service.client.get(service.path(story.id))
    first = await pool.fetchval("SELECT read_at FROM happenings")
    await service.happen(story.decided())
    assert await pool.fetchval(unread) == 1
    await service.client.get(service.path(story.id))
    assert await pool.fetchval(unread) == 0
    assert await pool.fetchval("SELECT min(read_at) FROM happenings") == first
