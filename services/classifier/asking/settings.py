"""Settings of the language model that may be asked, `EVENHAND_CLASSIFIER_LLM_…`; off by default."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Literal, Self

from pydantic import Field, FilePath, HttpUrl, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class AskingSettings(BaseSettings):
    """Where the model is, when it is asked and what it may cost. Limits hold for each process."""

    model_config = SettingsConfigDict(
        env_prefix="EVENHAND_CLASSIFIER_LLM_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    url: HttpUrl | None = Field(
        default=None, description="Base address, as in https://llm.bank.example/v1; none: off"
    )
    model: str | None = Field(default=None, min_length=1, max_length=200)
    key: SecretStr | None = Field(default=None, description="Bearer token")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates of the bank's own authority, PEM; none: public ones"
    )
    below: float = Field(
        default=0.6, ge=0, le=1, description="It is asked about tags that are less sure than this"
    )
    trust: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Confidence of its answers: how often it is right, as the bank has measured",
    )
    response_format: Literal["json_schema", "json_object", "none"] = Field(
        default="json_schema", description="What the endpoint offers; answers are checked anyway"
    )
    timeout: timedelta = Field(
        default=timedelta(seconds=4), gt=timedelta(0), description="Longest wait for one answer"
    )
    batch_within: timedelta = Field(
        default=timedelta(seconds=8),
        gt=timedelta(0),
        le=timedelta(minutes=1),
        description="Longest wait for all answers about one batch of messages",
    )
    at_once: int = Field(default=8, ge=1, le=100, description="Most questions at a time")
    per_minute: int = Field(default=120, ge=1, description="Most questions in a minute")
    tokens_per_day: int = Field(
        default=1_000_000, ge=1, description="Most tokens in 24 hours, questions and answers"
    )

    @field_validator("key")
    @classmethod
    def _can_stand_in_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        secret = key.get_secret_value() if key else ""
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise ValueError("must be printable ASCII without spaces")
        return key if secret else None

    @model_validator(mode="after")
    def _is_complete_and_private(self) -> Self:
        if self.url is None:
            return self
        if self.model is None:
            raise ValueError("EVENHAND_CLASSIFIER_LLM_MODEL is needed where _URL is set")
        if self.url.scheme != "https" and not _is_here(self.url.host or ""):
            raise ValueError("EVENHAND_CLASSIFIER_LLM_URL: https, unless it is on this machine")
        if any((self.url.query, self.url.fragment, self.url.username, self.url.password)):
            raise ValueError("EVENHAND_CLASSIFIER_LLM_URL: no query and no password; see _KEY")
        return self


def _is_here(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
