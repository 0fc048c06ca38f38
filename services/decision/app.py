"""Builds the decision service from its parts."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from services.decision import (
    activation,
    answering,
    explaining,
    in_return,
    past,
)
from services.decision.causes import routes as causes
from services.decision.clock import load as packs_of
from services.decision.connector import Connector
from services.decision.desk import mount as desk
from services.decision.handlers import TOPICS, Deciding
from services.decision.merits.decide import decide
from services.decision.overdue import Overdue
from services.decision.policy.loading import load
from services.decision.policy.model import Policy, PolicyError
from services.decision.recording import Recorder
from services.decision.settings import DecisionSettings
from services.decision.shadowing import Shadow
from services.decision.terms import terms_of
from services.decision.timing.loop import Timers
from services.decision.timing.pace import Pace
from shared.hop import Hop
from shared.http import app as http
from shared.keys import ApiKeys
from shared.postgres import Pool, is_transient
from shared.publisher import wait
from shared.run import Build, Loop, Parts, Service

_log = logging.getLogger(__name__)

_FORGET_EVERY: Final = 60.0
_FORGET_PAUSE: Final = 0.5


def builder(settings: DecisionSettings) -> Build:
    """Return the function that builds the service."""

    async def build(parts: Parts) -> Service:
        return await assemble(parts, settings)

    return build


async def assemble(parts: Parts, settings: DecisionSettings) -> Service:
    """Build the service.

    Raises:
        PolicyError: the policy is refused and no other was active before.
        PackError: a deadline, a ladder or a calendar cannot be used.

    """
    packs, pace = packs_of.load(settings.packs_dir or packs_of.SHIPPED), Pace()
    active = await activation.activate(parts.pool, settings.policy_dir, _prove)
    recorder = Recorder(active.now, packs, _shadow(settings), by_http=settings.bank_url is not None)
    deciding = Deciding(active.now, recorder)
    loops: list[Loop] = [
        active.run,
        Overdue(parts, recorder).run,
        Timers(parts, packs, pace, settings.clock_may_move, in_return.offers(active.now)).run,
        _forgetting(parts.pool, active.now),
    ]
    close = []
    if settings.bank_url is not None:
        token = settings.bank_token.get_secret_value() if settings.bank_token else None
        connector = Connector(parts, str(settings.bank_url), token, settings.bank_timeout)
        loops.append(connector.run)
        close.append(connector.close)
    keys = (ApiKeys(parts.pool),)
    application, served = http.build(
        settings,
        parts.probe,
        parts.tracer,
        (
            desk.routes(parts, active.now, settings.take_lasts, packs),
            explaining.routes(parts.pool, keys),
            causes.routes(parts.pool, keys, active.now),
            answering.routes(parts, keys),
        ),
    )
    application.include_router(desk.documented(parts, application))
    return Service(
        hops=(Hop("evenhand-decision", TOPICS, pace.around(deciding.handle)),),
        loops=loops,
        http=served,
        close=close,
    )


def _prove(policy: Policy) -> Sequence[object]:
    """Prove a policy of the bank's own."""
    from services.decision.proving import prove  # noqa: PLC0415 - a large solver, rarely needed

    return prove(policy)


def _shadow(settings: DecisionSettings) -> Shadow | None:
    """Load the candidate; one that cannot be used is told of and never stops the service."""
    if settings.shadow_policy_dir is None:
        return None
    try:
        return Shadow(load(settings.shadow_policy_dir), decide)
    except PolicyError as error:
        for line in str(error).splitlines():
            _log.error("the candidate policy is refused: %s", line)
        return None


def _forgetting(pool: Pool, policy: Callable[[], Policy]) -> Loop:
    """Return the loop that drops the sketches of stories that no case can meet any more."""

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with pool.acquire() as connection:
                    window: timedelta = terms_of(policy()).story
                    more = await past.forget_stories(connection, window)
            except Exception as error:
                if not is_transient(error):
                    raise
                more = False
            await wait(stop, _FORGET_PAUSE if more else _FORGET_EVERY)

    return run
