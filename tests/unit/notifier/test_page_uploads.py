"""Documents and forms: what is taken is what it says it is; what is not, costs little."""

import unicodedata

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.status_page.forms import File, UnreadableError, read
from services.notifier.status_page.uploads import LARGEST, Document, Refusal, check

PDF = b"%PDF-1.7\n..."
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(20)


@pytest.mark.parametrize(
    ("name", "claimed", "data", "media_type"),
    [
        ("a.pdf", "application/pdf", PDF, "application/pdf"),
        ("A.JPEG", "image/jpeg", JPEG, "image/jpeg"),
        ("a.jpg", "image/jpg", JPEG, "image/jpeg"),
        ("a.png", "application/octet-stream", PNG, "image/png"),
        ("a.heic", "", HEIC, "image/heic"),
        ("scan", "application/pdf; x=y", PDF, "application/pdf"),
    ],
)
def test_a_document_is_kept_as_what_its_bytes_show(
    name: str, claimed: str, data: bytes, media_type: str
) -> None:
    found = check(name, claimed, data)
    assert isinstance(found, Document)
    assert found.media_type == media_type


@pytest.mark.parametrize(
    ("name", "claimed", "data", "why"),
    [
        ("", "", b"", Refusal.NONE),
        ("a.pdf", "application/pdf", b"", Refusal.EMPTY),
        ("a.pdf", "application/pdf", PDF + bytes(LARGEST), Refusal.TOO_LARGE),
        ("a.exe", "application/pdf", b"MZ", Refusal.KIND),
        ("a.pdf", "application/pdf", b" %PDF-1.7", Refusal.KIND),
        ("a.png", "image/png", b"\x89PNG\r\n\x1a\n<html>", Refusal.KIND),
        ("a.pdf", "application/pdf", PNG, Refusal.DIFFERS),
        ("a.pdf.exe", "application/pdf", PDF, Refusal.DIFFERS),
        ("a.pdf", "text/html", PDF, Refusal.DIFFERS),
    ],
)
def test_what_is_not_taken_is_told_why(name: str, claimed: str, data: bytes, why: Refusal) -> None:
    assert check(name, claimed, data) is why


@given(stem=st.text(max_size=200))
def test_a_name_is_one_visible_line_without_a_path(stem: str) -> None:
    found = check(f"{stem}.pdf", "", PDF)
    assert isinstance(found, Document)
    assert found.name.endswith(".pdf")
    assert len(found.name) <= 84
    assert not set('/\\<>:"|?*%') & set(found.name)
    assert not any(unicodedata.category(letter)[0] == "C" for letter in found.name)
    assert not found.name.startswith((".", " "))


def test_a_name_cannot_show_another_ending_than_it_has() -> None:
    found = check("invoice\u202efdp.exe.pdf", "", PDF)
    assert isinstance(found, Document)
    assert found.name == "invoice fdp.exe.pdf"


@given(
    text=st.text(max_size=300),
    name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40),
    data=st.binary(max_size=500),
)
def test_a_form_is_read_as_it_was_sent(text: str, name: str, data: bytes) -> None:
    request = httpx.Request(
        "POST", "http://x", data={"text": text}, files={"document": (name, data, "image/png")}
    )
    form = read(request.headers["content-type"], request.read())
    assert form.fields == {"text": text}
    (sent,) = form.files.values()
    assert (sent.data, sent.media_type) == (data, "image/png")
    encoded = httpx.Request("POST", "http://x", data={"text": text})
    assert read(encoded.headers["content-type"], encoded.read()).fields == {"text": text}


def test_a_file_may_hold_what_looks_like_an_end() -> None:
    data = b" --x--\r\n--y\r\n\r\n"
    body = (
        b'--x\r\nContent-Disposition: form-data; name="d"; filename="a%22b.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + data + b"\r\n--x--\r\n"
    )
    form = read('multipart/form-data; boundary="x"', body)
    assert form.files == {"d": File('a"b.png', "image/png", data)}


@given(body=st.binary(max_size=300), fitting=st.booleans())
def test_whatever_the_bytes_are_they_are_a_form_or_unreadable(
    body: bytes, *, fitting: bool
) -> None:
    whole = b"--x\r\n" + body + b"\r\n--x--" if fitting else body
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "?"):
        try:
            form = read(kind, whole)
        except UnreadableError:
            continue
        assert all(isinstance(value, str) for value in form.fields.values())


def test_a_form_of_a_thousand_fields_is_unreadable() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    with pytest.raises(UnreadableError):
        read("multipart/form-data; boundary=x", part * 1000 + b"--x--")
    with pytest.raises(UnreadableError):
        read("application/x-www-form-urlencoded", b"a=1&" * 1000)
