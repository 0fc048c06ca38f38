"""Builds the classifier from its parts."""

from services.classifier import handlers, tagging
from services.classifier.settings import ClassifierSettings
from shared.events.catalogue import Topic
from shared.hop import Hop
from shared.run import Build, Parts, Service


def builder(settings: ClassifierSettings) -> Build:
    """Return the function that builds the service; the model is loaded and checked before."""
    tagger = tagging.load(tier=settings.classifier_tier)

    async def build(_: Parts) -> Service:
        hop = Hop("evenhand-classifier", (Topic.SUBMITTED,), handlers.build(tagger))
        return Service(hops=(hop,))

    return build
