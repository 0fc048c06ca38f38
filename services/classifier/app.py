"""Builds the classifier from its parts."""

import time
from collections.abc import Sequence

from services.classifier import corrections, drift, handlers, tagging
from services.classifier.asking.adviser import Adviser
from services.classifier.asking.budget import Budget
from services.classifier.asking.settings import AskingSettings
from services.classifier.settings import ClassifierSettings
from services.classifier.tagging import Tagger
from shared.events.catalogue import Topic
from shared.hop import Hop
from shared.run import Build, Parts, Service
from shared.settings import load


def builder(settings: ClassifierSettings) -> Build:
    """Return the function that builds the service; the model is loaded and checked before."""
    return serving(tagging.load(tier=settings.classifier_tier), settings)


def serving(tagger: Tagger, settings: ClassifierSettings) -> Build:
    """Return the function that builds the service around this tagger."""
    own = settings.classifier_reference
    seen = drift.Window(drift.read(own or drift.SHIPPED), "own" if own else "shipped")
    asking = load(AskingSettings)

    async def build(parts: Parts) -> Service:
        adviser = None if asking.url is None else _adviser(asking, tagger)
        keep = settings.classifier_keep_corrections
        return Service(
            hops=hops(tagger, adviser, seen),
            loops=(corrections.forgetting(parts.pool, keep),),
            close=() if adviser is None else (adviser.close,),
        )

    return build


def _adviser(asking: AskingSettings, tagger: Tagger) -> Adviser:
    return Adviser(asking, tagger, Budget(asking.per_minute, asking.tokens_per_day, time.monotonic))


def hops(tagger: Tagger, adviser: Adviser | None, seen: drift.Window) -> Sequence[Hop]:
    """Return what the service consumes; only the fast tier alone tags inside a transaction."""
    waits = tagger.reads_deep or adviser is not None
    prepare = handlers.preparing(tagger, adviser, seen) if waits else None
    return (
        Hop("evenhand-classifier", (Topic.SUBMITTED,), handlers.build(tagger, seen), prepare),
        Hop("evenhand-classifier-corrections", (Topic.CORRECTED,), corrections.keep),
    )
