"""The status page in a real browser: accessible, live, usable without JavaScript and on a phone."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from services.notifier.domain import Language
from services.notifier.status_page.texts.load import load
from shared.events.answer import Disposition
from shared.events.case import Status
from tests.integration.clamd_service import HARMFUL, scanner
from tests.integration.conftest import Database
from tests.integration.status_page_service import NOW, Running, Story, page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURED = {("light", 1000), ("dark", 320)}
EN = load(Language.EN)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(60)

Scheme = Literal["light", "dark"]


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Running]:
    async with page(database) as made:
        yield made


@dataclass(frozen=True)
class Visit:
    """A tab, and what went wrong in it."""

    tab: Page
    complaints: list[str]
    foreign: list[str]


@asynccontextmanager
async def visit(  # noqa: PLR0913 - what a reader can differ in
    browser: Browser,
    service: Running,
    path: str,
    *,
    width: int = 1000,
    scheme: Scheme = "light",
    javascript: bool = True,
) -> AsyncIterator[Visit]:
    """Open a page; on leaving, nothing may have complained or been asked of another site."""
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        java_script_enabled=javascript,
        base_url=service.url,
        locale="en-GB",
    )
    tab = await context.new_page()
    seen = Visit(tab, [], [])
    tab.on("console", lambda line: seen.complaints.append(line.text))
    tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
    tab.on(
        "request",
        lambda asked: None if asked.url.startswith(service.url) else seen.foreign.append(asked.url),
    )
    await tab.goto(path)
    yield seen
    # A refused form answers 4xx, which the browser notes: that is no complaint of the page.
    assert [one for one in seen.complaints if "status of 4" not in one] == []
    assert seen.foreign == []
    await context.close()


async def violations(tab: Page) -> list[str]:
    """Return what axe finds, by its rule and place."""
    # Evaluated by the debugger, so that the page's policy against scripts stays as it is.
    await tab.evaluate(AXE)
    found: dict[str, Any] = await tab.evaluate(
        "rules => axe.run(document, {runOnly: rules})", RULES
    )
    assert len(found["passes"]) > 20
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def _everything(service: Running, language: str = "en") -> Story:
    """Make a case in which everything happened that a page can show."""
    story = Story(uuid4(), language=language)
    await service.happen(
        story.opened(), story.asked(), story.referred(), story.delayed(), story.decided()
    )
    return story


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 320])
async def test_axe_finds_nothing_wrong_at_any_status(
    browser: Browser, service: Running, shots: Path, scheme: Scheme, width: int
) -> None:
    asked, decided = Story(uuid4()), await _everything(service)
    await service.happen(asked.opened(), asked.asked())
    for name, story in (("waiting", asked), ("decided", decided)):
        path = service.path(story.id)
        async with visit(browser, service, path, width=width, scheme=scheme) as seen:
            assert await violations(seen.tab) == []
            scroll = await seen.tab.evaluate("document.documentElement.scrollWidth")
            assert scroll <= width
            if (scheme, width) in PICTURED:
                await seen.tab.screenshot(
                    path=shots / f"status-{name}-{scheme}-{width}.png", full_page=True
                )


@pytest.mark.parametrize("language", list(Language))
async def test_axe_finds_nothing_wrong_in_any_language(
    browser: Browser, service: Running, shots: Path, language: Language
) -> None:
    story = await _everything(service)
    path = f"{service.path(story.id)}?lang={language}"
    async with visit(browser, service, path, width=320) as seen:
        assert await violations(seen.tab) == []
        assert await seen.tab.evaluate("document.documentElement.scrollWidth") <= 320
        if language is not Language.EN:
            await seen.tab.screenshot(path=shots / f"status-{language}.png", full_page=True)


async def test_axe_finds_nothing_wrong_with_the_pages_of_trouble(
    browser: Browser, service: Running, shots: Path
) -> None:
    story = await _everything(service)
    for path in ("/s/unknown", service.expired_path(story.id)):
        async with visit(browser, service, path, width=320) as seen:
            assert await violations(seen.tab) == []
    async with visit(browser, service, service.path(story.id)) as seen:
        await seen.tab.set_input_files(
            "#document", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"MZ program"}
        )
        await seen.tab.get_by_role("button", name=EN.document.send, exact=True).click()
        await expect(seen.tab.get_by_role("alert")).to_be_visible()
        assert await violations(seen.tab) == []
        await seen.tab.screenshot(path=shots / "status-refused-document.png", full_page=True)


async def test_a_reader_sees_before_their_eyes_what_the_scanner_says(
    browser: Browser, database: Database, shots: Path
) -> None:
    async with (
        scanner() as clamd,
        page(database, more={"clamd_host": "127.0.0.1", "clamd_port": clamd.port}) as service,
    ):
        clamd.instead = b"busy ERROR\0"
        story = await _everything(service)
        async with visit(browser, service, service.path(story.id), width=320) as seen:
            for name, data in (("receipt.png", PNG), ("statement.png", PNG + HARMFUL)):
                await seen.tab.set_input_files(
                    "#document", {"name": name, "mimeType": "image/png", "buffer": data}
                )
                await seen.tab.get_by_role("button", name=EN.document.send, exact=True).click()
                await expect(seen.tab.get_by_text(EN.said["checking"])).to_be_visible()
            waiting = seen.tab.get_by_text(EN.document.states["quarantined"])
            await expect(waiting).to_have_count(2)
            clamd.instead = None
            await service.notifier.pool.execute(
                "UPDATE documents SET scan_at = now() WHERE state = 'quarantined'"
            )
            await expect(seen.tab.get_by_role("link", name="receipt.png")).to_be_visible()
            await expect(seen.tab.get_by_text(EN.document.states["refused"])).to_be_visible()
            await expect(waiting).to_have_count(0)
            assert await violations(seen.tab) == []
            await seen.tab.screenshot(path=shots / "status-scanned-documents.png", full_page=True)


async def test_a_case_moves_on_before_the_readers_eyes_and_keeps_what_they_type(
    browser: Browser, service: Running
) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    async with visit(browser, service, service.path(story.id)) as seen:
        status = seen.tab.locator("#status")
        await expect(status).to_have_text(EN.statuses[Status.RECEIVED].name)
        await expect(seen.tab.get_by_text(EN.live)).to_be_visible()
        await seen.tab.fill("#text", "I am still writing")
        await service.happen(story.referred())
        await expect(status).to_have_text(EN.statuses[Status.IN_REVIEW].name)
        await service.happen(story.decided())
        await expect(status).to_have_text(EN.statuses[Status.DECIDED].name)
        await expect(seen.tab.locator("#news")).to_have_text(EN.news)
        assert await seen.tab.input_value("#text") == "I am still writing"
        assert await violations(seen.tab) == []


async def test_without_javascript_everything_works(browser: Browser, service: Running) -> None:
    story = await _everything(service)
    path = service.path(story.id)
    async with visit(browser, service, path, javascript=False, width=320) as seen:
        tab = seen.tab
        await expect(tab.get_by_text(EN.reload)).to_be_visible()
        await tab.fill("#text", "A reply")
        await tab.get_by_role("button", name=EN.reply.send, exact=True).click()
        await expect(tab.get_by_role("status")).to_contain_text([EN.said["reply"]])
        await tab.get_by_role("button", name=EN.person.send, exact=True).click()
        await expect(tab.get_by_text(EN.person.asked)).to_be_visible()
        await tab.set_input_files(
            "#document", {"name": "receipt.png", "mimeType": "image/png", "buffer": PNG}
        )
        await tab.get_by_role("button", name=EN.document.send, exact=True).click()
        await expect(tab.get_by_role("link", name="receipt.png")).to_be_visible()
        await tab.get_by_role("link", name=load(Language.PL).language).click()
        await expect(tab.get_by_role("heading", level=1)).to_have_text(load(Language.PL).title)
    kinds = await service.notifier.pool.fetch("SELECT kind FROM replies ORDER BY written_at")
    assert [row["kind"] for row in kinds] == ["reply", "person", "document"]


async def test_a_document_is_downloaded_and_never_opened(
    browser: Browser, service: Running
) -> None:
    story = await _everything(service)
    async with visit(browser, service, service.path(story.id)) as seen:
        await seen.tab.set_input_files(
            "#document", {"name": "receipt.png", "mimeType": "image/png", "buffer": PNG}
        )
        await seen.tab.get_by_role("button", name=EN.document.send, exact=True).click()
        async with seen.tab.expect_download() as download:
            await seen.tab.get_by_role("link", name="receipt.png").click()
        assert (await download.value).suggested_filename == "receipt.png"


async def test_the_language_is_switched_and_kept_over_a_reply(
    browser: Browser, service: Running
) -> None:
    story = await _everything(service)
    async with visit(browser, service, service.path(story.id)) as seen:
        for language in (Language.UK, Language.RU, Language.PL):
            texts = load(language)
            await seen.tab.get_by_role("link", name=texts.language).click()
            await expect(seen.tab.locator("html")).to_have_attribute("lang", language)
            await expect(seen.tab.locator("#status")).to_have_text(
                texts.statuses[Status.DECIDED].name
            )
        polish = load(Language.PL)
        await seen.tab.fill("#text", "Dzień dobry")
        await seen.tab.get_by_role("button", name=polish.reply.send, exact=True).click()
        await expect(seen.tab.locator("html")).to_have_attribute("lang", "pl")
        await expect(seen.tab.get_by_text(polish.said["reply"])).to_be_visible()


async def test_the_page_is_used_by_keyboard_alone(browser: Browser, service: Running) -> None:
    story = await _everything(service)
    async with visit(browser, service, service.path(story.id)) as seen:
        await seen.tab.keyboard.press("Tab")
        await expect(seen.tab.get_by_role("link", name=EN.skip)).to_be_focused()
        await seen.tab.keyboard.press("Enter")
        reached = set()
        for _ in range(30):
            await seen.tab.keyboard.press("Tab")
            reached.add(await seen.tab.evaluate("document.activeElement.id"))
        assert {"text", "document"} <= reached


async def test_on_paper_stand_the_case_and_its_answer_and_no_forms(
    browser: Browser, service: Running, tmp_path: Path
) -> None:
    story = Story(uuid4())
    long = "A long story. " * 100
    await service.happen(story.opened(long), story.decided(Disposition.DECLINED))
    async with visit(browser, service, service.path(story.id)) as seen:
        await seen.tab.emulate_media(media="print")
        await expect(seen.tab.get_by_role("heading", name=EN.answer)).to_be_visible()
        await expect(seen.tab.get_by_role("blockquote")).to_be_visible()
        await expect(seen.tab.locator("form").first).to_be_hidden()
        await expect(seen.tab.get_by_role("navigation")).to_be_hidden()
        await seen.tab.pdf(path=tmp_path / "printed.pdf", format="A4")
    assert re.search(rb"/Type\s*/Page\b", (tmp_path / "printed.pdf").read_bytes())


async def test_an_open_page_comes_back_when_the_connection_was_lost(
    browser: Browser, service: Running
) -> None:
    story = Story(uuid4())
    await service.happen(story.opened())
    async with visit(browser, service, service.path(story.id)) as seen:
        await expect(seen.tab.get_by_text(EN.live)).to_be_visible()
        await seen.tab.context.set_offline(offline=True)
        await service.happen(story.referred(at=NOW))
        await seen.tab.context.set_offline(offline=False)
        await expect(seen.tab.locator("#status")).to_have_text(
            EN.statuses[Status.IN_REVIEW].name, timeout=15_000
        )
        seen.complaints.clear()
