"""What the notifier needs beyond what every service needs. No secret has a default."""

import binascii
import re
from base64 import b64decode
from datetime import time, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AnyHttpUrl,
    Field,
    SecretStr,
    UrlConstraints,
    field_validator,
    model_validator,
)

from services.notifier.channels.pacing import QuietHours
from shared.settings import ServiceSettings

_HOURS: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_SHORTEST_SECRET = 24
_SHORTEST_STATUS_SECRET = 32


class NotifierSettings(ServiceSettings):
    """How the customer is reached."""

    http_port: int = Field(default=8083, ge=0, le=65535)
    smtp_host: str
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_connections: int = Field(default=4, ge=1, le=64)
    smtp_timeout: timedelta = Field(
        default=timedelta(minutes=2), description="Longest wait for one e-mail to be taken"
    )
    mail_from: str = Field(description="Sender, `Name <address>`; customers' replies go there")
    dkim_domain: str | None = Field(
        default=None, description="Sign e-mails for this domain; none: the mail relay signs"
    )
    dkim_selector: str | None = None
    dkim_key: SecretStr | None = Field(default=None, description="RSA private key in PEM")
    webhook_secret: SecretStr = Field(description="Standard Webhooks key, whsec_…")
    webhook_timeout: timedelta = Field(
        default=timedelta(seconds=10), description="Longest wait for one webhook"
    )
    webhook_allow_private: bool = Field(
        default=False, description="Let webhooks go to private addresses; for tests only"
    )

    sms_url: Annotated[AnyHttpUrl, UrlConstraints(max_length=500)] | None = Field(
        default=None, description="Kannel's sendsms, or what speaks like it; none: no SMS"
    )
    sms_username: str | None = None
    sms_password: SecretStr | None = None
    sms_from: str | None = Field(default=None, description="Sender of SMS: a number or a name")
    sms_timeout: timedelta = Field(
        default=timedelta(seconds=10), description="Longest wait for the gateway's answer"
    )
    sms_most_parts: int = Field(default=6, ge=1, le=255, description="Longest SMS, in parts")
    sms_report_url: Annotated[AnyHttpUrl, UrlConstraints(max_length=500)] | None = Field(
        default=None, description="Where the gateway reaches this service; none: no reports"
    )
    quiet_hours: str = Field(
        default="21:00-08:00",
        description="When no SMS rings but for what cannot wait, on the customer's clock; or empty",
    )
    most_per_hour: int = Field(
        default=30, ge=1, description="Receipts, questions and links to one contact, per process"
    )
    keep_notices: timedelta = Field(
        default=timedelta(days=400),
        description="How long closed cases are remembered",
        ge=timedelta(days=1),
    )
    keep_documents: timedelta | None = Field(
        default=None,
        description="How long documents of closed cases are kept; none: as long as the case",
        ge=timedelta(days=1),
    )
    journal_dir: Path | None = Field(
        default=None, description="Folder that outlives the process: a killed one repeats nothing"
    )

    status_url: Annotated[AnyHttpUrl, UrlConstraints(max_length=500)] = Field(
        description="Where customers reach the status page; a path is what a proxy strips"
    )
    status_secret: SecretStr = Field(
        description="Signs the links to the status page; two, comma between, while it is changed"
    )
    status_lifetime: timedelta = Field(
        default=timedelta(days=90), description="How long a link works", gt=timedelta(0)
    )
    intake_url: Annotated[AnyHttpUrl, UrlConstraints(max_length=500)] = Field(
        default=AnyHttpUrl("http://127.0.0.1:8080"), description="Where intake takes messages"
    )
    intake_key: SecretStr | None = Field(
        default=None, description="API key with `submit`; none: the page takes nothing in"
    )

    clamd_host: str | None = Field(
        default=None, description="ClamAV's daemon; documents are scanned first. None: they are not"
    )
    clamd_port: int = Field(default=3310, ge=1, le=65535)
    clamd_timeout: timedelta = Field(
        default=timedelta(minutes=1), description="Longest wait for one scan", gt=timedelta(0)
    )
    paid_within: int = Field(
        default=5,
        ge=1,
        le=60,
        description="Working days in which what an answer pays is on the customer's account",
    )
    close_after: timedelta = Field(
        default=timedelta(days=30),
        description="After an answer and so long without news a case is closed and that is told",
        ge=timedelta(days=1),
    )

    messages_dir: Path | None = Field(
        default=None, description="Folder of the bank's own texts, in the place of ours"
    )

    @property
    def quiet(self) -> QuietHours | None:
        """The quiet hours; None where there are none."""
        begin, _, end = self.quiet_hours.partition("-")
        if not self.quiet_hours:
            return None
        return QuietHours(time.fromisoformat(begin), time.fromisoformat(end))

    @property
    def status_secrets(self) -> list[str]:
        """The secrets of the links; the first one signs."""
        return [one.strip() for one in self.status_secret.get_secret_value().split(",")]

    @field_validator("status_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr) -> SecretStr:
        secrets = [one.strip() for one in value.get_secret_value().split(",")]
        if min(len(one) for one in secrets) < _SHORTEST_STATUS_SECRET:
            raise ValueError(
                f"must be a random text of at least {_SHORTEST_STATUS_SECRET} characters, "
                "or several of them with commas between"
            )
        return value

    @field_validator(
        *(
            "intake_key",
            "clamd_host",
            "sms_url",
            "sms_username",
            "sms_password",
            "sms_from",
            "sms_report_url",
        ),
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        return None if isinstance(text, str) and not text.strip() else value

    @field_validator("quiet_hours")
    @classmethod
    def _are_hours(cls, value: str) -> str:
        value = value.replace(" ", "")
        if value and not _HOURS.fullmatch(value):
            raise ValueError("must be like 21:00-08:00, or empty")
        return value

    @field_validator("mail_from")
    @classmethod
    def _has_an_address(cls, value: str) -> str:
        name, address = parseaddr(value)
        local, _, domain = address.rpartition("@")
        if not (local and domain and value.isprintable() and address.isascii()) or (
            name == address and value != address
        ):
            raise ValueError("must be an address, or `Name <address>`")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        prefix, key = value.get_secret_value()[:6], value.get_secret_value()[6:]
        try:
            length = len(b64decode(key + "=" * (-len(key) % 4), validate=True))
        except binascii.Error as error:
            raise ValueError("must be whsec_ followed by base64") from error
        if prefix != "whsec_" or length < _SHORTEST_SECRET:
            raise ValueError(f"must be whsec_ and at least {_SHORTEST_SECRET} bytes in base64")
        return value

    @model_validator(mode="after")
    def _login_is_complete(self) -> Self:
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("EVENHAND_SMTP_USERNAME and EVENHAND_SMTP_PASSWORD go together")
        if len({self.dkim_domain is None, self.dkim_selector is None, self.dkim_key is None}) > 1:
            raise ValueError("EVENHAND_DKIM_DOMAIN, _SELECTOR and _KEY go together")
        if self.sms_url and not (self.sms_username and self.sms_password and self.sms_from):
            raise ValueError(
                "EVENHAND_SMS_URL needs EVENHAND_SMS_USERNAME, EVENHAND_SMS_PASSWORD and "
                "EVENHAND_SMS_FROM"
            )
        return self
