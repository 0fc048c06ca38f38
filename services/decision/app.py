"""Builds the decision service from its parts."""

from services.decision import handlers
from services.decision.policy import model
from services.decision.settings import DecisionSettings
from shared.events.catalogue import Topic
from shared.hop import Hop
from shared.run import Build, Parts, Service


def builder(settings: DecisionSettings) -> Build:
    """Return the function that builds the service.

    Raises:
        PolicyError: the policy cannot be used; the service must not start with it.

    """
    policy = model.load(settings.policy_dir)

    async def build(_: Parts) -> Service:
        hop = Hop("evenhand-decision", (Topic.CLASSIFIED,), handlers.build(policy))
        return Service(hops=(hop,))

    return build
