"""Puts the notifier together."""

import asyncio

from services.notifier.channels.email import Sender
from services.notifier.channels.mailing import Mailing
from services.notifier.channels.smtp import Server
from services.notifier.channels.webhook import Hooks
from services.notifier.handlers import HOP
from services.notifier.messages.render import Voice
from services.notifier.sending import Sending, Waking
from services.notifier.settings import NotifierSettings
from services.notifier.tray import Tray
from shared.run import Build, Parts, Service


def builder(settings: NotifierSettings) -> Build:
    """Return how the notifier is built from its settings and parts.

    Raises:
        EvenhandError: a text is missing or wrong, or the machine has no time zones.

    """
    mailing = _mailing(settings)

    async def build(parts: Parts) -> Service:
        hooks = Hooks(
            settings.webhook_secret.get_secret_value(),
            settings.webhook_timeout,
            allow_private=settings.webhook_allow_private,
        )
        wakes = asyncio.Event(), asyncio.Event()
        sendings = (
            Sending(mailing, Tray(parts.tracer, settings.smtp_host), parts, wakes[0]),
            Sending(hooks, Tray(parts.tracer, "webhook"), parts, wakes[1]),
        )
        return Service(
            hops=[HOP],
            loops=[Waking(parts, wakes).run, *(sending.run for sending in sendings)],
            close=[hooks.close],
        )

    return build


def _mailing(settings: NotifierSettings) -> Mailing:
    password = settings.smtp_password
    server = Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_username,
        password.get_secret_value() if password else None,
        settings.smtp_timeout,
    )
    return Mailing(Voice.load(), Sender(settings.mail_from), server, settings.smtp_connections)
