"""Settings of the decision service."""

from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings


class DecisionSettings(ServiceSettings):
    """What the decision service adds."""

    http_port: int = Field(default=8082, ge=0, le=65535)
    policy_dir: Path | None = Field(
        default=None, description="Folder with the bank's own policy; none: the shipped one"
    )
