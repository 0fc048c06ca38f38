"""Settings of the decision service."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr

from shared.settings import ServiceSettings


class DecisionSettings(ServiceSettings):
    """What the decision service adds."""

    http_port: int = Field(default=8082, ge=0, le=65535)
    policy_dir: Path | None = Field(
        default=None, description="Folder with the bank's own policy; none: the shipped one"
    )
    packs_dir: Path | None = Field(
        default=None, description="Folder with the bank's own deadlines; none: the shipped ones"
    )
    clock_may_move: bool = Field(
        default=False,
        description="Fire timers though the database's clock_now() was moved: tests and demos only",
    )
    shadow_policy_dir: Path | None = Field(
        default=None, description="Folder with a candidate policy that decides beside and records"
    )
    take_lasts: timedelta = Field(
        default=timedelta(hours=8),
        gt=timedelta(0),
        description="How long a person at the desk has a case that they took",
    )
    bank_url: HttpUrl | None = Field(
        default=None,
        description="Base address of the bank's verification system; none: it reads Kafka",
    )
    bank_token: SecretStr | None = Field(
        default=None, description="Bearer token that the bank's verification system knows us by"
    )
    bank_timeout: timedelta = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Longest wait for its answer"
    )
