"""Settings of intake, beyond those that every service has."""

from datetime import timedelta
from typing import Annotated

from pydantic import AnyHttpUrl, Field, UrlConstraints

from shared.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """How intake takes cases in; the limits of the interface itself are no settings."""

    public_url: Annotated[AnyHttpUrl, UrlConstraints(max_length=500)] = Field(
        default=AnyHttpUrl("http://127.0.0.1:8080"), description="Where clients reach intake"
    )
    open_docs: bool = Field(
        default=False, description="Show /docs and /openapi.json to anybody; for loopback only"
    )
    webhook_allow_private: bool = Field(
        default=False, description="Accept http webhooks on loopback; for tests only"
    )
    reconcile_after: timedelta = Field(
        default=timedelta(seconds=30), description="How long a case may take before it counts lost"
    )
    reconcile_every: timedelta = timedelta(seconds=5)
    keep_idempotency: timedelta = Field(
        default=timedelta(days=14), description="How long a reused Idempotency-Key is recognised"
    )

    @property
    def base_url(self) -> str:
        """The public address without a slash at its end."""
        return str(self.public_url).rstrip("/")
