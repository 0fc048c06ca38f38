"""Settings of the notifier: complete, checked at the start, without a secret of their own."""

import pytest
from pydantic import SecretStr, ValidationError

from services.notifier.channels.webhook import is_public
from services.notifier.settings import NotifierSettings

GOOD: dict[str, object] = {
    "database_url": SecretStr("postgresql://x"),
    "smtp_host": "mail.example",
    "mail_from": "Bank <cases@bank.example>",
    "webhook_secret": SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
}


def test_mail_is_encrypted_unless_told_otherwise() -> None:
    settings = NotifierSettings.model_validate(GOOD)
    assert settings.smtp_tls == "starttls"
    assert not settings.webhook_allow_private


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mail_from", "Bank"),
        ("mail_from", "cases@bank.example\r\nBcc: x@y.example"),
        ("mail_from", ""),
        ("webhook_secret", "secret"),
        ("webhook_secret", "whsec_short"),
        ("webhook_secret", "whsec_***"),
        ("smtp_username", "bank"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        NotifierSettings.model_validate({**GOOD, name: value})


@pytest.mark.parametrize("name", ["smtp_host", "mail_from", "webhook_secret"])
def test_there_is_no_default_for_what_only_the_bank_knows(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"EVENHAND_{name.upper()}", raising=False)
    with pytest.raises(ValidationError):
        NotifierSettings.model_validate({k: v for k, v in GOOD.items() if k != name})


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *((a, True) for a in ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34")),
        *((a, False) for a in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254")),
        *((a, False) for a in ("0.0.0.0", "224.0.0.1", "100.64.0.1", "::1", "fe80::1%eth0")),  # noqa: S104 - none is bound
        *((a, False) for a in ("fd00::1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1")),
    ],
)
def test_only_an_address_out_on_the_internet_is_public(address: str, *, public: bool) -> None:
    assert is_public(address) is public
