"""Settings of the classifier."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.classifier.tagging import Tier
from shared.settings import ServiceSettings


class ClassifierSettings(ServiceSettings):
    """What the classifier adds. A variable that is empty is not set."""

    model_config = SettingsConfigDict(
        env_prefix="EVENHAND_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    classifier_tier: Tier = "fast"
    """`cascade` reads with a language model what the fast tier is unsure of, `deep` everything."""
    classifier_reference: Path | None = Field(
        default=None,
        description="The bank's own shares of tags, by `classify --shares`; none: the shipped ones",
    )
    classifier_keep_corrections: timedelta = Field(
        default=timedelta(days=365),
        gt=timedelta(0),
        description="How long people's corrections of tags stay, with their text",
    )
    http_port: int = Field(default=8081, ge=0, le=65535)
