"""The page shows nothing of the bank's own, runs no customer's markup and leaves no trace."""

import re
from uuid import uuid4

from tests.integration.status_page_service import SECRETS_OF_THE_BANK, Running, Story


async def test_nothing_that_is_the_banks_own_stands_on_the_page(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened(), story.referred(), story.delayed(), story.decided())
    html = await service.html(story.id)
    assert "25.00" in html
    assert [word for word in SECRETS_OF_THE_BANK if word in html] == []


async def test_the_customers_words_cannot_become_markup(service: Running) -> None:
    story = Story(uuid4())
    await service.happen(story.opened("<script>alert(1)</script>{{ 7 * 7 }}"))
    html = await service.html(story.id)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}" in html
    assert "<script>" not in html


async def test_no_browser_stores_lists_or_names_the_page(service: Running) -> None:
    story = await service.begin()
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
