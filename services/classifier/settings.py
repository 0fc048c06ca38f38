"""Settings of the classifier."""

from pydantic import Field

from shared.settings import ServiceSettings


class ClassifierSettings(ServiceSettings):
    """What the classifier adds."""

    http_port: int = Field(default=8081, ge=0, le=65535)
