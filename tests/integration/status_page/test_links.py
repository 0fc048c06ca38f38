"""A link opens one case: altered it is like none, expired it offers a new one and nothing else."""

import asyncio
import re
from uuid import uuid4

import httpx

from deploy.local.mailbox.running import MailCatcher
from tests.integration.conftest import Database
from tests.integration.status_page_service import EN, WORDS, Running, Story, form_of, page


async def test_an_altered_link_is_like_none_whether_the_case_exists_or_not(
    service: Running,
) -> None:
    story = await service.begin()
    good = service.path(story.id)
    altered = good[:-1] + ("A" if good[-1] != "A" else "B")
    unknown = service.path(uuid4())[:-2] + "xx"
    answers = [await service.client.get(path) for path in (altered, unknown, "/s/1", "/s/%00")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    posted = await service.client.post(f"{altered}/reply", data={"text": "x"})
    assert posted.status_code == 404


async def test_an_expired_link_offers_a_new_one_and_says_the_same_of_every_case(
    service: Running,
) -> None:
    known, unknown = Story(uuid4()), uuid4()
    await service.happen(known.opened(), known.decided())
    texts = []
    for case_id in (known.id, unknown):
        path = service.expired_path(case_id)
        answer = await service.client.get(path)
        assert answer.status_code == 410
        token = path.removeprefix("/s/")
        form = form_of(answer.text, "new-link")
        sent = await service.client.post(f"{path}/new-link", data={"form": form})
        assert sent.status_code == 200
        texts.append((answer.text + sent.text).replace(token, "").replace(form, ""))
        # An expired link shows nothing else, and does nothing else.
        assert WORDS[:10] not in answer.text
        reply = await service.client.post(f"{path}/reply", data={"form": form, "text": "x"})
        assert reply.status_code == 410
    assert texts[0] == texts[1]


async def test_a_new_link_goes_to_the_address_on_file_once_an_hour_and_works(
    database: Database, catcher: MailCatcher
) -> None:
    async with page(database, smtp_port=catcher.smtp_port) as service:
        story = await service.begin()
        path = service.expired_path(story.id)
        for _ in range(2):
            form = form_of((await service.client.get(path)).text, "new-link")
            await service.client.post(f"{path}/new-link", data={"form": form})
        await service.notifier.settled(2)
        assert sorted(row["notice"] for row in await service.notifier.rows()) == [
            "new_link",
            "receipt",
        ]
        async with httpx.AsyncClient(base_url=catcher.url) as inbox:
            found = (await inbox.get("/api/messages")).json()["messages"]
            texts = [(await inbox.get(f"/api/messages/{m['id']}")).json() for m in found]
        assert {text["to"] for text in texts} == {"anna@example.com"}
        for text in texts:
            link = re.search(r"http://\S+/s/[\w-]{48}", text["plain"])
            assert link
            assert (await service.client.get(link[0])).status_code == 200


async def test_a_link_that_is_used_too_often_has_to_wait_and_no_other_does(
    service: Running,
) -> None:
    busy, calm = Story(uuid4()), Story(uuid4())
    await service.happen(busy.opened(), calm.opened())
    path = service.path(busy.id)
    answers = await asyncio.gather(*(service.client.get(path) for _ in range(90)))
    assert sum(answer.status_code == 200 for answer in answers) >= 60
    slowed = next(answer for answer in answers if answer.status_code == 429)
    assert int(slowed.headers["retry-after"]) >= 1
    assert EN.too_fast.text in slowed.text
    assert (await service.client.get(service.path(calm.id))).status_code == 200
