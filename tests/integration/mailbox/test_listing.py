"""Every mail that was taken is shown once, as it was sent, and found by what is known of it."""

import httpx

from deploy.local.mailbox.running import MailCatcher
from tests.integration.mailbox.mails import SENDER, counts, listed, mail, send, smtp


async def test_a_mail_is_shown_as_it_was_sent(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail())
    (shown,) = await listed(client)
    assert shown.pop("received_at").endswith("+00:00")
    assert shown == {
        "id": 1,
        "message_id": "<notice-1@bank.example>",
        "from": SENDER,
        "to": "anna@example.com",
        "subject": "Twoja sprawa: opłata zwrócona",
        "case": "case-1",
        "notice": "final",
        "size": len(mail()),
        "headers": {"X-Evenhand-Case": "case-1", "X-Evenhand-Notice": "final"},
    }
    whole = (await client.get("/api/messages/1")).json()
    assert whole["plain"] == "Zwracamy opłatę.\n.\n..a line with dots\n"
    assert whole["html"] == "<p>Oddajemy</p>\n"
    assert ["From", "Bank <noreply@bank.example>"] in whole["all_headers"]
    assert (await client.get("/mail/1/source")).content == mail()


async def test_a_mail_that_the_recipient_has_is_counted_and_not_kept_again(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail(1), mail(1), mail(2))
    await send(catcher, mail(1), to="ANNA@example.com")
    await send(catcher, mail(1), to="jan@example.com")
    assert await counts(client) == {"messages": 3, "duplicates": 2, "distinct_recipients": 2}
    assert [message["message_id"] for message in await listed(client, to="anna@example.com")] == [
        "<notice-1@bank.example>",
        "<notice-2@bank.example>",
    ]


async def test_mails_without_a_message_id_are_all_kept(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, b"Subject: a\r\n\r\nb\r\n", b"Subject: a\r\n\r\nb\r\n")
    assert await counts(client) == {"messages": 2, "duplicates": 0, "distinct_recipients": 1}


async def test_every_recipient_of_a_mail_has_it(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    async with smtp(catcher) as connection:
        await connection.sendmail(SENDER, ["anna@example.com", "jan@example.com"], mail())
    assert [message["to"] for message in await listed(client, case="case-1")] == [
        "anna@example.com",
        "jan@example.com",
    ]


async def test_mails_are_found_by_case_recipient_and_what_came_after(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail(1), mail(2), mail(3))
    await send(catcher, mail(4), to="jan@example.com")

    async def ids(**parameters: str) -> list[int]:
        return [message["id"] for message in await listed(client, **parameters)]

    assert await ids() == [1, 2, 3, 4]
    assert await ids(case="case-2") == [2]
    assert await ids(case="case-9") == []
    assert await ids(to="Jan@Example.com") == [4]
    assert await ids(to="jan@example.com", case="case-1") == []
    assert await ids(after="2") == [3, 4]
    assert await ids(to="anna@example.com", after="2") == [3]
    assert await ids(limit="2") == [1, 2]
    assert (await client.get("/api/messages?limit=2")).json()["next_after"] == 2
    assert (await client.get("/api/messages?after=4")).json()["next_after"] is None
    for wrong in ("limit=-1", "limit=1001", "after=x", "after=99999999999999999999"):
        assert (await client.get(f"/api/messages?{wrong}")).status_code == 400
    assert (await client.get("/api/messages/99")).status_code == 404


async def test_emptying_begins_the_counts_anew(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail(1), mail(1))
    assert (await client.delete("/api/messages")).status_code == 204
    assert await counts(client) == {"messages": 0, "duplicates": 0, "distinct_recipients": 0}
    assert await listed(client) == []
    await send(catcher, mail(1))
    assert [message["case"] for message in await listed(client)] == ["case-1"]


async def test_pages_show_a_mail_and_run_nothing_that_it_says(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    html = '<html><head></head><script>alert(1)</script><a href="http://x.example">go</a></html>'
    await send(catcher, mail(1, html=html), b"Subject: <script>alert(2)</script>\r\n\r\nx\r\n")
    listing = await client.get("/")
    page = await client.get("/mail/1")
    part = await client.get("/mail/1/html")

    assert "Twoja sprawa: opłata zwrócona" in listing.text
    assert "&lt;script&gt;" in listing.text
    assert "Zwracamy opłatę." in page.text
    for shown in (listing, page, await client.get("/mail/2")):
        assert shown.status_code == 200
        assert "<script" not in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert "script-src" not in shown.headers["content-security-policy"]
    assert 'src="/mail/1/html"' in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    policy = part.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src")
    assert "allow-scripts" not in policy
    assert (await client.get("/mail/9")).status_code == 404


async def test_the_list_of_mails_is_paged_newest_first(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, *(mail(number) for number in range(1, 61)))
    first = (await client.get("/")).text
    second = (await client.get("/", params={"page": "2"})).text
    assert first.count('href="/mail/') == 50
    assert first.index("/mail/60") < first.index("/mail/11")
    assert 'href="/?page=2"' in first
    assert second.count('href="/mail/') == 10
    assert 'rel="next"' not in second
    by_case = (await client.get("/", params={"case": "case-7"})).text
    assert by_case.count('href="/mail/') == 1
