from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.local.mailbox.box import Counts, InMemory, Mailbox
from deploy.local.mailbox.letters import Indexed, index_headers, read, read_headers


@pytest.mark.parametrize(
    ("raw", "indexed"),
    [
        (b"Message-ID: <1@x>\r\nX-Evenhand-Case: c\r\n\r\n", Indexed("<1@x>", "c", "")),
        (b"message-id:<1@x>\r\n\r\nMessage-ID: <2@x>\r\n", Indexed("<1@x>", "", "")),
        (b"Message-ID:\r\n <folded@x>\r\nTo: a\r\n\r\n", Indexed("<folded@x>", "", "")),
        (b"X-Evenhand-Notice: first\r\nX-Evenhand-Notice: second\r\n", Indexed("", "", "first")),
        (b"Not-Message-ID: <1@x>\r\n\r\n", Indexed("", "", "")),
        (b"\r\nMessage-ID: <in-the-body@x>\r\n", Indexed("", "", "")),
        (b"", Indexed("", "", "")),
    ],
)
def test_headers_are_indexed_from_the_head_only_the_first_of_each(
    raw: bytes, indexed: Indexed
) -> None:
    assert index_headers(raw) == indexed


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=200))
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject.strip()
    headers = dict(read_headers(message.as_bytes()))
    assert headers["Subject"].split() == subject.split()


heads = st.sampled_from(
    [
        b"Content-Type:",
        b"Subject:",
        b"From:",
        b"Date:",
        b"Content-Transfer-Encoding:",
        b"\r\n",
        b":",
    ]
)
words = st.sampled_from(
    [b"multipart/mixed; boundary=b", b"text/html; charset=nonesuch", b"base64", b"=?utf-8?b?x?="]
)


@given(st.lists(heads | words | st.binary(max_size=12), max_size=12).map(b"\r\n".join))
@example(b"Content-Type: text/plain; charset=nonesuch\r\n\r\nhello\r\n")
@example(b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n")
def test_a_mail_that_breaks_the_rules_is_still_shown(raw: bytes) -> None:
    content = read(raw)
    "".join((content.subject, content.plain, content.html, *content.attachments)).encode()
    assert index_headers(raw).message_id == ""
    assert [name for name, _ in read_headers(raw)] == [name for name, _ in content.headers]


def raw_mail(number: int) -> bytes:
    return b"Message-ID: <%d@x>\r\nX-Evenhand-Case: c%d\r\n\r\n" % (number, number)


deliveries = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3)), max_size=30)


@given(deliveries, st.integers(1, 5))
def test_counts_stay_exact_while_only_the_newest_are_kept(
    arrivals: list[tuple[int, int]], kept: int
) -> None:
    mailbox = Mailbox(InMemory(), lambda: 0.0, kept_letters=kept)
    for number, person in arrivals:
        mailbox.deliver("a@x.example", [f"p{person}@x.example"], raw_mail(number))
    unique = list(dict.fromkeys(arrivals))
    assert mailbox.counts == Counts(
        len(unique), len(arrivals) - len(unique), len({person for _, person in unique})
    )
    newest = [(letter.indexed.case, letter.recipient) for letter in mailbox.newest(0, 99)]
    assert newest == [(f"c{n}", f"p{p}@x.example") for n, p in reversed(unique[-kept:])]
    for number in range(1, 7):
        by_case = [letter.recipient for letter in mailbox.since(0, 99, case=f"c{number}")]
        assert by_case == [f"p{p}@x.example" for n, p in unique[-kept:] if n == number]
    for person in range(1, 4):
        letters = mailbox.since(0, 99, to=f"P{person}@x.example")
        assert [letter.indexed.case for letter in letters] == [
            f"c{n}" for n, p in unique[-kept:] if p == person
        ]
        assert all(mailbox.raw(letter).startswith(b"Message-ID") for letter in letters)


def test_the_bytes_kept_are_bounded_too() -> None:
    mailbox = Mailbox(InMemory(), lambda: 0.0, kept_bytes=2 * len(raw_mail(1)))
    for number in range(1, 6):
        mailbox.deliver("a@x.example", ["b@x.example"], raw_mail(number))
    assert [letter.indexed.case for letter in mailbox.since(0, 9)] == ["c4", "c5"]
    assert mailbox.counts == Counts(5, 0, 1)
