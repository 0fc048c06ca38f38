"""An independent library finds our DKIM signatures good, and a changed e-mail's not."""

from base64 import b64encode
from datetime import UTC, datetime
from uuid import UUID

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from services.notifier.channels.dkim import DkimKeyError, Signer
from services.notifier.channels.email import Sender, mailbox

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def key() -> tuple[str, bytes]:
    """Return a private key in PEM and the DNS record of its public half."""
    made = generate_private_key(65537, 2048)
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), b"v=DKIM1; k=rsa; p=" + b64encode(public)


def _mail(subject: str, plain: str) -> bytes:
    return Sender("Bank <cases@bank.example>").compose(
        notice_id=UUID(int=1),
        notice="receipt",
        case_id=UUID(int=2),
        language="pl",
        to_name="Zażółć Gęślą " * 8,
        to=mailbox("anna@example.com"),
        at=AT,
        subject=subject,
        plain=plain,
        html=f"<p>{plain}</p>",
    )


@pytest.mark.parametrize("plain", ["Hello  there \t.\n\n\n", "Żółć\n.\n..\n", "x" * 5000])
@pytest.mark.parametrize("subject", ["Hello", "Zażółć gęślą jaźń " * 10])
def test_a_signature_is_good_and_the_same_each_time(
    key: tuple[str, bytes], subject: str, plain: str
) -> None:
    private, record = key
    signer = Signer("bank.example", "s1", private)
    signed = signer.signed(_mail(subject, plain), AT)
    assert signed == signer.signed(_mail(subject, plain), AT)

    def look_up(name: bytes, timeout: float = 5) -> bytes:
        assert name == b"s1._domainkey.bank.example."
        assert timeout
        return record

    assert dkim.verify(signed, dnsfunc=look_up)
    assert not dkim.verify(signed.replace(b"Message-ID: <0", b"Message-ID: <1"), dnsfunc=look_up)
    assert not dkim.verify(b"From: other@bank.example\r\n" + signed, dnsfunc=look_up)
    assert not dkim.verify(signed[:-40] + b"x" + signed[-39:], dnsfunc=look_up)


def test_a_key_that_cannot_sign_is_refused() -> None:
    weak = generate_private_key(65537, 1024).private_bytes(  # noqa: S505 - to be refused
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for bad in ("no key", weak.decode()):
        with pytest.raises(DkimKeyError):
            Signer("bank.example", "s1", bad)
