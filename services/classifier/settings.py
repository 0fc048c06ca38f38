"""Settings of the classifier."""

from pydantic import Field

from services.classifier.tagging import Tier
from shared.settings import ServiceSettings


class ClassifierSettings(ServiceSettings):
    """What the classifier adds."""

    classifier_tier: Tier = "fast"
    """`cascade` reads with a language model what the fast tier is unsure of, `deep` everything."""
    http_port: int = Field(default=8081, ge=0, le=65535)
