"""What we write as an e-mail, Python's own parser reads back unchanged."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notifier.channels.email import BadAddressError, Mailbox, Sender, mailbox
from services.notifier.domain import called

NOW = datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC)
NOTICE = UUID("5f0c6a9e-0000-4000-8000-000000000001")
SENDER = Sender("Bank Przyjaźń <cases@bank.example>")
LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r")).map(lambda t: f"{t}\n")


def _compose(  # noqa: PLR0913 - the fields that a test may want to say
    *,
    name: str = "Anna",
    subject: str = "Subject",
    plain: str = "Text\n",
    html: str = "<p>Text</p>\n",
    address: str = "anna@example.com",
    notice_id: UUID = NOTICE,
) -> bytes:
    return SENDER.compose(
        notice_id=notice_id,
        notice="receipt",
        case_id=uuid4(),
        language="pl",
        to_name=called(name),
        to=mailbox(address),
        at=NOW,
        subject=subject,
        plain=plain,
        html=html,
    )


def _parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")  # the line end of MIME text


@given(st.text(max_size=300))
@example("Eve\r\nBcc: victim@example.com\r\n\r\nBuy!")
@example("🦊" * 200)
@example("Ж" * 200)
@example('"Eve" <eve@evil.example>, =?utf-8?b?RXZl?=')
def test_a_name_comes_back_as_it_is_called_and_adds_no_header(name: str) -> None:
    raw = _compose(name=name)
    message = _parse(raw)
    (to,) = message["To"].addresses
    assert to.addr_spec == "anna@example.com"
    # Read by the older of the two parsers: the newer puts spaces between encoded words.
    header = str(make_header(decode_header(message_from_bytes(raw)["To"])))
    address = "anna@example.com"
    assert header == (f"{called(name)} <{address}>" if called(name) else address)
    assert message.keys() == _parse(_compose()).keys()
    assert all(len(line) <= 78 for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n"))


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1))
@example("Мы получили Ваше обращение 🎉")
def test_a_subject_comes_back(subject: str) -> None:
    assert _parse(_compose(subject=subject))["Subject"] == subject


@given(LINES, LINES)
@example(".\n.a\n..\nFrom me\n", "=20 \t\n trailing \n")
@example("Ж" * 2000 + "\n", "a" * 2000 + "\n")
def test_bodies_come_back_and_the_message_fits_the_line(plain: str, html: str) -> None:
    raw = _compose(plain=plain, html=html)
    message = _parse(raw)
    assert _part(message, "plain") == plain
    assert _part(message, "html") == html
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))


def test_the_headers_say_who_what_and_when() -> None:
    message = _parse(_compose())
    assert message["From"] == "Bank Przyjaźń <cases@bank.example>"
    assert message["Message-ID"] == f"<{NOTICE}@bank.example>"
    assert message["Date"].datetime == NOW
    assert message["X-Evenhand-Notice"] == "receipt"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("Anna.Nowak+x@Example.com", Mailbox("Anna.Nowak+x@Example.com", utf8=False)),
        (" a@b.example ", Mailbox("a@b.example", utf8=False)),
        ("a@straße.example", Mailbox("a@xn--strae-oqa.example", utf8=False)),
        ("анна@пошта.укр", Mailbox("анна@xn--80a1acn3a.xn--j1amh", utf8=True)),
    ],
)
def test_an_address_becomes_what_smtp_wants(address: str, found: Mailbox) -> None:
    assert mailbox(address) == found


@pytest.mark.parametrize(
    "address",
    [
        *("", "anna", "@b.example", "a@", "a@@b.example", "a b@c.example", "a.@b.example"),
        *("a@b.example>\r\nDATA", "a\n@b.example", "<a@b.example>", "a@b .example"),
        *("a@-b.example-", "a@b.example\x00", f"{'a' * 65}@b.example", f"a@{'b' * 300}.example"),
        *("a@[127.0.0.1]", 'a@b.example"', "a@b,c@d.example", "a\u200b@b.example"),
    ],
)
def test_an_impossible_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(BadAddressError) as caught:
        mailbox(address)
    assert not address or address not in str(caught.value)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_address_brings_a_line_or_a_bracket_into_the_dialogue(local: str, domain: str) -> None:
    try:
        found = mailbox(f"{local}@{domain}")
    except BadAddressError:
        return
    assert found.address.isprintable()
    assert not set(found.address) & set(" <>\r\n\0")
