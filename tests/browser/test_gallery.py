"""The gallery of messages in a real browser: accessible, on a phone too, and asking for nothing."""

from importlib.resources import files
from pathlib import Path

import pytest
from playwright.async_api import Browser

from services.notifier.domain import Language
from services.notifier.messages import gallery
from services.notifier.messages.render import Voice
from services.notifier.messages.samples import samples

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gallery") / "index.html"
    path.write_text(gallery.page(Voice.load(), samples()), encoding="utf-8")
    return path


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 320)])
async def test_the_gallery_is_accessible_and_asks_for_nothing(
    browser: Browser, page: Path, shots: Path, scheme: str, width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    tab = await context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda line: complaints.append(line.text))
    tab.on("request", lambda request: asked.append(request.url))
    await tab.goto(page.as_uri())
    assert complaints == []
    assert asked == [page.as_uri()]
    # The style is let in by its hash: the languages stand beside each other where there is room.
    columns = await tab.evaluate(
        "getComputedStyle(document.querySelector('.languages')).gridTemplateColumns"
    )
    assert len(columns.split()) == (1 if width == 320 else len(Language))
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
    assert await tab.locator("article").count() == len(samples()) * len(Language)
    await tab.evaluate(AXE)
    found = await tab.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]] == []
    message = tab.locator("#promise_broken" if width > 320 else "#promise_broken article >> nth=0")
    await message.screenshot(path=shots / f"gallery-{scheme}-{width}.png")
    await context.close()
