"""What the notifier needs beyond what every service needs. No secret has a default."""

import binascii
from base64 import b64decode
from datetime import timedelta
from email.utils import parseaddr
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from shared.settings import ServiceSettings

_SHORTEST_SECRET = 24


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
    webhook_secret: SecretStr = Field(description="Standard Webhooks key, whsec_…")
    webhook_timeout: timedelta = Field(
        default=timedelta(seconds=10), description="Longest wait for one webhook"
    )
    webhook_allow_private: bool = Field(
        default=False, description="Let webhooks go to private addresses; for tests only"
    )

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
        return self
