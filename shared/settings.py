"""Settings every service shares: typed, frozen, from the environment, secrets also from files.

`EVENHAND_<NAME>` sets a value; for a secret `EVENHAND_SECRETS_DIR/<evenhand_name>` does too
(the way container platforms mount them). There is no default for any password.
"""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import EvenhandError
from shared.plainly import told


class SettingsError(EvenhandError):
    """A setting is missing or wrong; the text names the variable."""


class KafkaSettings(BaseSettings):
    """How to reach the broker."""

    model_config = SettingsConfigDict(env_prefix="EVENHAND_KAFKA_", frozen=True, extra="ignore")

    bootstrap: str = "127.0.0.1:9092"
    idempotence: bool = Field(
        default=True, description="Off only for a broker that lacks it (the embedded one)"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ca_file: Path | None = None
    fetch_wait: timedelta = Field(
        default=timedelta(milliseconds=50), description="Longest wait of the broker for records"
    )
    session_timeout: timedelta = Field(
        default=timedelta(seconds=10),
        description="A consumer that is silent for so long loses its partitions to the others",
    )
    request_timeout: timedelta = timedelta(seconds=15)
    batch: int = Field(default=500, ge=1, le=5000, description="Most events of one hop's batch")

    @model_validator(mode="after")
    def _sasl_is_complete(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (
            self.sasl_username and self.sasl_password
        ):
            raise ValueError(
                "EVENHAND_KAFKA_SASL_USERNAME and EVENHAND_KAFKA_SASL_PASSWORD are needed "
                f"for {self.security_protocol}"
            )
        return self


class ServiceSettings(BaseSettings):
    """What every service needs; a service adds its own."""

    model_config = SettingsConfigDict(env_prefix="EVENHAND_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(description="PostgreSQL, as this service's own role")
    database_connections: int = Field(default=8, ge=2, le=100)
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    otlp_endpoint: str | None = Field(
        default=None, description="Base address of an OTLP/HTTP collector; none: no export"
    )
    trace_ratio: float = Field(default=1.0, ge=0, le=1, description="Share of traces recorded")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token that the metrics scraper shows"
    )
    open_metrics: bool = Field(
        default=False, description="Serve /metrics to anybody; for loopback only"
    )
    stop_within: timedelta = Field(
        default=timedelta(seconds=25), description="After this a stop is no longer graceful"
    )
    keep_events: timedelta = Field(
        default=timedelta(days=14),
        description="How long sent events and seen ids stay; longer than any loss of the log",
    )


class _Sources(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="EVENHAND_", frozen=True, extra="ignore")

    secrets_dir: Path | None = None


Kind = TypeVar("Kind", bound=BaseSettings)


def load(kind: type[Kind]) -> Kind:
    """Read settings of this kind from the environment and the folder of secrets.

    Raises:
        SettingsError: names every variable that is missing or wrong, never its value.

    """
    try:
        return kind(_secrets_dir=_Sources().secrets_dir)
    except ValidationError as error:
        prefix = str(kind.model_config.get("env_prefix", ""))
        flaws = error.errors(include_input=False, include_url=False)
        raise SettingsError("\n".join(_named(prefix, flaw) for flaw in flaws)) from error


def _named(prefix: str, flaw: ErrorDetails) -> str:
    """Say what is wrong after its variable; what is wrong of several names them itself."""
    if not flaw["loc"]:
        return told(flaw)
    variable = f"{prefix}{'_'.join(str(part) for part in flaw['loc'])}".upper()
    return f"{variable}: {told(flaw)}"
