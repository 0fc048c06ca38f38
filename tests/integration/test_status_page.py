"""The status page over HTTP on a real database: what it says, what it never says, what it takes."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.mailbox import running as mailbox
from services.notifier.domain import Language
from services.notifier.messages import catalogue
from services.notifier.status_page.acting import Acting
from services.notifier.status_page.gate import Gate
from services.notifier.status_page.links import Links
from services.notifier.status_page.looking import Looking
from services.notifier.status_page.pages import Pages
from services.notifier.status_page.routes import routes
from services.notifier.status_page.texts.load import load
from services.notifier.status_page.uploads import Refusal
from services.notifier.status_page.watching import Watching
from shared.events.answer import Disposition
from shared.events.case import Status
from shared.postgres import connect
from tests.integration import intake_service
from tests.integration.conftest import Database
from tests.integration.notifier_service import until
from tests.integration.status_page_service import (
    NOW,
    SECRETS_OF_THE_BANK,
    WORDS,
    Running,
    Story,
    page,
)

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(60)
EN = load(Language.EN)


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Running]:
    async with page(database) as made:
        yield made


def form_of(html: str, act: str) -> str:
    """Return the hidden field of the form that does this."""
    found = re.search(rf'action="[^"]*/{act}\?.*?name="form" value="([^"]+)"', html, re.DOTALL)
    assert found, f"the page has no form for {act}"
    return found[1]


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
        return (await self.service.client.get(self.path)).text

    async def texts(self) -> list[str]:
        """Return the messages of the case as intake has them."""
        shown = (await self.intake.client.get(f"/v1/cases/{self.case_id}")).json()
        return [message["text"] for message in shown["messages"]]


@contextlib.asynccontextmanager
async def together(database: Database, case_id: UUID | None = None) -> AsyncIterator[Together]:
    """Run both, with a new case or one that intake has."""
    async with intake_service.running(database) as intake:
        case_id = case_id or await _submit(intake)
        url = f"http://127.0.0.1:{intake.port}"
        async with page(database, intake_url=url, intake_key=intake.key) as service:
            yield Together(intake, service, case_id)


async def _reply(service: Running, case_id: UUID, text: str, times: int = 1) -> httpx.Response:
    """Send the page's form with these words."""
    html = (await service.client.get(service.path(case_id))).text
    data = {"form": form_of(html, "reply"), "text": text}
    path = f"{service.path(case_id)}/reply"
    answers = [await service.client.post(path, data=data) for _ in range(times)]
    assert {answer.status_code for answer in answers} == {303}
    return answers[-1]


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


async def test_an_answer_that_overtook_its_case_is_shown_all_the_same(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.decided())
    early = (await service.client.get(service.path(story.id))).text
    assert EN.statuses[Status.DECIDED].name in early
    await service.happen(story.opened())
    assert "Please" in (await service.client.get(service.path(story.id))).text


async def test_nothing_that_is_the_banks_own_stands_on_the_page(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened(), story.referred(), story.delayed(), story.decided())
    html = (await service.client.get(service.path(story.id))).text
    assert "25.00" in html
    assert [word for word in SECRETS_OF_THE_BANK if word in html] == []


async def test_the_customers_words_cannot_become_markup(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened("<script>alert(1)</script>{{ 7 * 7 }}"))
    html = (await service.client.get(service.path(story.id))).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}" in html
    assert "<script>" not in html


async def test_no_browser_stores_lists_or_names_the_page(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    answer = await service.client.get(service.path(story.id))
    headers = answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert not re.search(r'<script(?! src=)|\sstyle="|\son\w+="|https?://', answer.text)
    assert "set-cookie" not in headers
    for asset in re.findall(r'(?:href|src)="(/page/[^"]+)"', answer.text):
        found = await service.client.get(asset)
        assert (found.status_code, "immutable" in found.headers["cache-control"]) == (200, True)


async def test_an_altered_link_is_like_none_whether_the_case_exists_or_not(
    service: Running,
) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
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
    database: Database,
) -> None:
    mail = await mailbox.start()
    try:
        async with page(database, smtp_port=mail.smtp_port) as service:
            story = Story(uuid4())
            await service.happen(story.opened())
            path = service.expired_path(story.id)
            for _ in range(2):
                form = form_of((await service.client.get(path)).text, "new-link")
                await service.client.post(f"{path}/new-link", data={"form": form})
            await service.notifier.settled(2)
            assert sorted(row["notice"] for row in await service.notifier.rows()) == [
                "new_link",
                "receipt",
            ]
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{mail.http_port}") as inbox:
                found = (await inbox.get("/api/messages")).json()["messages"]
                texts = [(await inbox.get(f"/api/messages/{m['id']}")).json() for m in found]
            assert {text["to"] for text in texts} == {"anna@example.com"}
            for text in texts:
                link = re.search(r"http://\S+/s/[\w-]{48}", text["plain"])
                assert link
                assert (await service.client.get(link[0])).status_code == 200
    finally:
        await mail.stop()


async def test_a_reply_reaches_intake_as_a_message_of_the_case_exactly_once(
    database: Database,
) -> None:
    async with together(database) as both:
        service, story = both.service, Story(both.case_id)
        await service.happen(story.opened())
        # A form that is sent twice, by a reload.
        await _reply(service, both.case_id, "More:\r\nłódź 🙂", times=2)
        await _handed_over(service, 1)
        assert (await both.texts())[1:] == ["More:\nłódź 🙂"]
        # It comes back as an event, and is then shown once.
        await service.happen(story.message(1, "More:\nłódź 🙂"))
        html = await both.html()
        assert html.count("łódź") == 1
        assert EN.happened.on_its_way not in html


async def test_a_reply_waits_while_intake_is_away_and_goes_out_later(database: Database) -> None:
    async with intake_service.running(database) as intake:
        case_id = await _submit(intake)
    async with page(database) as service:
        await service.happen(Story(case_id).opened())
        answer = await _reply(service, case_id, "Are you there?")
        shown = (await service.client.get(answer.headers["location"])).text
        assert EN.said["reply"] in shown
        assert EN.happened.on_its_way in shown
        assert "Are you there?" in shown

        async def was_tried() -> bool:
            return bool(await service.notifier.pool.fetchval("SELECT max(attempts) FROM replies"))

        await until(was_tried)
    async with together(database, case_id) as both:
        await both.service.notifier.pool.execute("UPDATE replies SET due_at = now()")
        await _handed_over(both.service, 1)
        assert await both.texts() == [WORDS, "Are you there?"]


async def test_a_reply_whose_hand_over_was_not_noted_is_still_one_message(
    database: Database,
) -> None:
    async with together(database) as both:
        service = both.service
        await service.happen(Story(both.case_id).opened())
        await _reply(service, both.case_id, "Once.")
        await _handed_over(service, 1)
        # As if killed between intake's answer and our commit: the lease has run out.
        await service.notifier.pool.execute(
            "UPDATE replies SET outcome = NULL, settled_at = NULL, body = 'Once.',"
            " leased_until = now()"
        )
        await _handed_over(service, 1)
        assert await both.texts() == [WORDS, "Once."]


async def test_a_reply_that_intake_refuses_for_good_is_kept_and_the_customer_told(
    database: Database,
) -> None:
    async with together(database) as both:
        service = both.service
        await service.happen(Story(both.case_id).opened())
        await service.notifier.pool.execute(
            "INSERT INTO replies (id, case_id, kind, body) VALUES ($1, $2, 'reply', '')",
            uuid4(),
            both.case_id,
        )

        async def was_refused() -> bool:
            found = await service.notifier.pool.fetchval("SELECT outcome FROM replies")
            return bool(found == "refused")

        await until(was_refused)
        assert EN.happened.refused in await both.html()


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


async def test_one_click_asks_for_a_person_once_for_each_answer(database: Database) -> None:
    async with together(database) as both:
        service, story = both.service, Story(both.case_id, language="pl")
        await service.happen(story.opened(), story.decided(Disposition.DECLINED))
        form = form_of(await both.html(), "person")
        for _ in range(2):
            await service.client.post(f"{both.path}/person?lang=pl", data={"form": form})
        await _handed_over(service, 1)
        pl = load(Language.PL)
        assert (await both.texts())[1:] == [pl.person.message]
        html = await both.html()
        assert pl.person.asked in html
        assert "/person?" not in html
        # A new answer may be reviewed anew.
        await service.happen(story.decided(Disposition.DECLINED, revision=3))
        await service.notifier.pool.execute(
            "UPDATE replies SET written_at = written_at - interval '9 hours'"
        )
        assert "/person?" in await both.html()


async def test_a_document_is_kept_told_of_and_only_ever_downloaded(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    path = service.path(story.id)
    answer = await _upload(service, path, "../../ein Beleg\u202egnp.png", PNG, "image/png")
    assert answer.status_code == 303
    html = (await service.client.get(path)).text
    found = re.search(r'href="([^"]+/documents/[^"]+)" download><bdi>([^<]+)', html)
    assert found
    assert found[2] == "ein Beleg gnp.png"
    got = await service.client.get(found[1])
    assert got.content == PNG
    assert got.headers["content-disposition"] == (
        f"attachment; filename*=UTF-8''{quote('ein Beleg gnp.png')}"
    )
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    body = await service.notifier.pool.fetchval("SELECT body FROM replies")
    assert body == EN.document.message.format(name="ein Beleg gnp.png")
    # Not through another case's link.
    other = await service.client.get(found[1].replace(path, service.path(uuid4())))
    assert other.status_code == 404
    # The same once more is the same.
    await _upload(service, path, "again.png", PNG, "image/png")
    assert await service.notifier.pool.fetchval("SELECT count(*) FROM documents") == 1


@pytest.mark.parametrize(
    ("name", "data", "media_type", "told"),
    [
        ("a.pdf", b"MZ\x90\x00 a program", "application/pdf", EN.document.refusals[Refusal.KIND]),
        ("a.pdf", PNG, "application/pdf", EN.document.refusals[Refusal.DIFFERS]),
        ("a.png", PNG, "text/html", EN.document.refusals[Refusal.DIFFERS]),
        ("a.html", b"<html><script>", "text/html", EN.document.refusals[Refusal.KIND]),
        ("a.svg", b"<svg onload=x>", "image/svg+xml", EN.document.refusals[Refusal.KIND]),
        ("a.png", b"", "image/png", EN.document.refusals[Refusal.EMPTY]),
        ("a.png", PNG + bytes(8 * 1024 * 1024), "image/png", EN.document.too_large.format(size=8)),
    ],
)
async def test_an_upload_that_lies_or_is_too_large_is_refused_with_the_reason(
    service: Running, name: str, data: bytes, media_type: str, told: str
) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    answer = await _upload(service, service.path(story.id), name, data, media_type)
    assert answer.status_code == 422
    assert told in answer.text
    assert await service.notifier.pool.fetchval("SELECT count(*) FROM documents") == 0


async def test_a_case_has_room_for_so_many_documents_and_no_more(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    await service.notifier.pool.execute(
        "INSERT INTO documents (id, case_id, name, media_type, size, sha256, content)"
        " SELECT gen_random_uuid(), $1, 'a.png', 'image/png', 1, n::text::bytea, ''"
        " FROM generate_series(1, 20) n",
        story.id,
    )
    answer = await _upload(service, service.path(story.id), "a.png", PNG, "image/png")
    assert EN.document.refusals[Refusal.TOO_MANY] in answer.text


async def test_an_answer_of_ten_megabytes_is_refused_on_a_page_that_says_so(
    service: Running,
) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    path = service.path(story.id)
    form = form_of((await service.client.get(path)).text, "reply")
    for act in ("reply", "person", "documents"):
        answer = await service.client.post(
            f"{path}/{act}", data={"form": form, "text": "x" * 10_000_000}
        )
        assert answer.status_code == 413
        assert EN.too_large.text in answer.text
    assert await service.notifier.pool.fetchval("SELECT count(*) FROM replies") == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [("", EN.reply.blank), (" \r\n ", EN.reply.blank), ("x" * 20_001, "20\u00a0000")],
)
async def test_a_reply_that_cannot_be_taken_comes_back_with_what_was_written(
    service: Running, text: str, told: str
) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    path = service.path(story.id)
    form = form_of((await service.client.get(path)).text, "reply")
    answer = await service.client.post(f"{path}/reply", data={"form": form, "text": text})
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert text.strip() in answer.text


async def test_a_form_from_elsewhere_does_nothing(service: Running) -> None:
    mine, other = Story(uuid4()), Story(uuid4())
    await service.happen(mine.opened(), other.opened())
    path = service.path(mine.id)
    own = form_of((await service.client.get(path)).text, "reply")
    foreign = form_of((await service.client.get(service.path(other.id))).text, "reply")
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
    story = Story(uuid4())
    await service.happen(story.opened())
    for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=x"):
        answer = await service.client.post(
            f"{service.path(story.id)}/reply", content=b"{}", headers={"Content-Type": kind}
        )
        assert answer.status_code == 400
        assert EN.unreadable.text in answer.text


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


async def test_without_a_key_for_intake_the_page_shows_and_takes_nothing_in(
    database: Database,
) -> None:
    async with page(database, intake_key=None) as service:
        story = Story(uuid4())
        await service.happen(story.opened())
        html = (await service.client.get(service.path(story.id))).text
        assert EN.statuses[Status.RECEIVED].name in html
        assert "<form" not in html


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


async def test_an_open_page_is_told_of_news_and_only_of_its_own_case(service: Running) -> None:
    story, other = Story(uuid4()), Story(uuid4())
    await service.happen(story.opened(), other.opened())
    async with service.client.stream("GET", f"{service.path(story.id)}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        first = await _news(lines)
        await service.happen(other.decided())
        await service.happen(story.decided())
        assert await _news(lines) == first + 1


async def test_pages_that_listen_are_bounded_and_let_go_at_the_stop(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    path = f"{service.path(story.id)}/events"
    streams = [service.client.stream("GET", path) for _ in range(5)]
    open_ones = [await stream.__aenter__() for stream in streams]
    lines = [one.aiter_lines() for one in open_ones]
    for one in lines:
        await _news(one)
    refused = await service.client.get(path)
    assert refused.status_code == 503
    service.notifier.parts.stop.set()
    async with asyncio.timeout(10):
        for one in lines:
            async for _ in one:
                pass
    for stream in streams:
        await stream.__aexit__(None, None, None)


async def test_when_the_page_first_showed_something_is_kept_as_proof(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
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


async def _news(lines: AsyncIterator[str]) -> int:
    async with asyncio.timeout(10):
        async for line in lines:
            if line.startswith("data: "):
                return int(line.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def _upload(
    service: Running, path: str, name: str, data: bytes, media_type: str
) -> httpx.Response:
    form = form_of((await service.client.get(path)).text, "documents")
    return await service.client.post(
        f"{path}/documents",
        data={"form": form},
        files={"document": (name, data, media_type)},
    )


async def _submit(intake: intake_service.Running) -> UUID:
    answer = await intake.client.post(
        "/v1/cases", json={"customer": {"id": "C-77"}, "channel": "web", "text": WORDS}
    )
    return UUID(answer.json()["case_id"])


async def _handed_over(service: Running, count: int) -> None:
    async def are_handed_over() -> bool:
        found = await service.notifier.pool.fetchval(
            "SELECT count(*) FROM replies WHERE outcome = 'handed_over'"
        )
        return int(found) >= count

    await until(are_handed_over)
