"""Settings of the notifier: complete, checked at the start, without a secret of their own."""

from datetime import time

import pytest
from pydantic import SecretStr, ValidationError

from services.notifier.channels.pacing import QuietHours
from services.notifier.channels.webhook import is_public
from services.notifier.settings import NotifierSettings

GOOD: dict[str, object] = {
    "database_url": SecretStr("postgresql://x"),
    "smtp_host": "mail.example",
    "mail_from": "Bank <cases@bank.example>",
    "webhook_secret": SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    "status_url": "https://status.bank.example",
    "status_secret": SecretStr("0123456789abcdef0123456789abcdef"),
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
        ("status_url", "status.bank.example"),
        ("status_secret", "short"),
        ("status_secret", "0123456789abcdef0123456789abcdef,old"),
        ("status_lifetime", "P0D"),
        ("sms_url", "http://127.0.0.1:13013/cgi-bin/sendsms"),
        ("quiet_hours", "at night"),
        ("quiet_hours", "21:00-25:00"),
        ("keep_notices", "PT1H"),
        ("dkim_domain", "bank.example"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        NotifierSettings.model_validate({**GOOD, name: value})


@pytest.mark.parametrize(
    "name", ["smtp_host", "mail_from", "webhook_secret", "status_url", "status_secret"]
)
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


def test_two_secrets_stand_while_one_is_changed_and_an_empty_key_is_none() -> None:
    new, old = "n" * 32, "o" * 32
    settings = NotifierSettings.model_validate(
        {**GOOD, "status_secret": f"{new}, {old}", "intake_key": " "}
    )
    assert settings.status_secrets == [new, old]
    assert settings.intake_key is None


def test_quiet_hours_are_read_and_may_be_none() -> None:
    def quiet(value: str) -> QuietHours | None:
        return NotifierSettings.model_validate({**GOOD, "quiet_hours": value}).quiet

    assert quiet("22:30 - 06:00") == QuietHours(time(22, 30), time(6))
    assert quiet("") is None


def test_an_empty_gateway_is_none() -> None:
    empty = dict.fromkeys(("sms_url", "sms_username", "sms_password", "sms_from"), "")
    assert NotifierSettings.model_validate({**GOOD, **empty}).sms_url is None
