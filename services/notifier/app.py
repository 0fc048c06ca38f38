"""Puts the notifier together."""

import asyncio
from collections.abc import Collection

from services.notifier.channels.email import Sender, Sign
from services.notifier.channels.mailing import Mailing
from services.notifier.channels.pacing import Pace
from services.notifier.channels.sms import Gateway, Texting
from services.notifier.channels.smtp import Server
from services.notifier.channels.webhook import Hooks
from services.notifier.closing import Closing
from services.notifier.domain import Channel
from services.notifier.forgetting import Forgetting
from services.notifier.handlers import hop
from services.notifier.journal import Journal
from services.notifier.messages import catalogue
from services.notifier.messages.render import Voice
from services.notifier.records.documents import CaseDocuments
from services.notifier.records.keeping import Keeping
from services.notifier.records.proof import Proofs
from services.notifier.records.reports import ReportAddress
from services.notifier.records.routes import Records
from services.notifier.sending import Sending, Way
from services.notifier.settings import NotifierSettings
from services.notifier.status_page import page as status_page
from services.notifier.status_page.clamd import Clamd
from services.notifier.status_page.links import Links
from services.notifier.status_page.page import Outside
from services.notifier.tray import Tray
from services.notifier.waking import Waking
from shared import clock
from shared.errors import EvenhandError
from shared.http import app as http
from shared.keys import ApiKeys
from shared.run import Build, Parts, Service


def builder(settings: NotifierSettings) -> Build:
    """Return how the notifier is built from its settings and parts.

    Raises:
        EvenhandError: a text is missing or wrong, or the machine has no time zones.

    """
    base_url = str(settings.status_url)
    links = Links(base_url, settings.status_secrets, settings.status_lifetime)
    texts = catalogue.load(settings.messages_dir)
    voice = Voice(texts)
    reports_to = _reports_to(settings)

    async def build(parts: Parts) -> Service:
        mailing = _mailing(settings, voice, links)
        hooks = Hooks(
            settings.webhook_secret.get_secret_value(),
            settings.webhook_timeout,
            allow_private=settings.webhook_allow_private,
        )
        ways: list[tuple[Way, str]] = [(mailing, settings.smtp_host), (hooks, "webhook")]
        close = [hooks.close]
        if texting := _texting(settings, voice, links, reports_to):
            ways.append((texting, "sms"))
            close.append(texting.close)
        offered = frozenset(way.channel for way, _ in ways)
        wakes = tuple(asyncio.Event() for _ in ways)
        sendings = [
            _sending(parts, settings, way, server, wake, offered)
            for (way, server), wake in zip(ways, wakes, strict=True)
        ]
        page = status_page.assemble(
            parts,
            links,
            base_url,
            _outside(settings),
            messages=texts,
            offered=offered,
        )
        keys = (ApiKeys(parts.pool),)
        records = Records(parts, keys, Proofs(voice), offered, reports_to)
        documents = CaseDocuments(parts.pool, keys)
        routers = [page.router, records.routes(), documents.routes()]
        _, served = http.build(settings, parts.probe, parts.tracer, routers)
        return Service(
            hops=[hop(offered, settings.paid_within)],
            loops=[
                Waking(parts, wakes).run,
                *(sending.run for sending in sendings),
                Keeping(parts.pool, voice).run,
                Forgetting(parts.pool, settings.keep_notices, settings.keep_documents).run,
                Closing(parts, settings.close_after, offered).run,
                *page.loops,
            ],
            http=served,
            close=[*close, *page.close],
        )

    return build


def _outside(settings: NotifierSettings) -> Outside:
    clamd = None
    if settings.clamd_host:
        clamd = Clamd(
            settings.clamd_host, settings.clamd_port, settings.clamd_timeout.total_seconds()
        )
    key = settings.intake_key.get_secret_value() if settings.intake_key else None
    return Outside(str(settings.intake_url), key, clamd)


def _sending(  # noqa: PLR0913, PLR0917 - its parts
    parts: Parts,
    settings: NotifierSettings,
    way: Way,
    server: str,
    wake: asyncio.Event,
    offered: Collection[Channel],
) -> Sending:
    folder = settings.journal_dir
    journal = Journal(folder, way.channel) if folder else None
    return Sending(way, Tray(parts.tracer, server, journal), parts, wake, offered, folder)


def _reports_to(settings: NotifierSettings) -> ReportAddress | None:
    if settings.sms_report_url is None:
        return None
    return ReportAddress(str(settings.sms_report_url), settings.status_secrets)


def _texting(
    settings: NotifierSettings, voice: Voice, links: Links, reports_to: ReportAddress | None
) -> Texting | None:
    if not (settings.sms_url and settings.sms_username and settings.sms_password):
        return None
    gateway = Gateway(
        str(settings.sms_url),
        settings.sms_username,
        settings.sms_password.get_secret_value(),
        settings.sms_from or "",
        settings.sms_timeout,
        settings.sms_most_parts,
        reports_to.of if reports_to else None,
    )
    pace = Pace(settings.most_per_hour, clock.now, settings.quiet)
    return Texting(voice, gateway, links.link, pace)


def _mailing(settings: NotifierSettings, voice: Voice, links: Links) -> Mailing:
    password = settings.smtp_password
    server = Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_username,
        password.get_secret_value() if password else None,
        settings.smtp_timeout,
    )
    sender = Sender(settings.mail_from, _signing(settings))
    pace = Pace(settings.most_per_hour, clock.now)
    return Mailing(voice, sender, server, settings.smtp_connections, links.link, pace)


def _signing(settings: NotifierSettings) -> Sign | None:
    if not (settings.dkim_domain and settings.dkim_selector and settings.dkim_key):
        return None
    try:
        from services.notifier.channels.dkim import Signer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise EvenhandError("EVENHAND_DKIM_KEY needs the package `cryptography`") from error
    key = settings.dkim_key.get_secret_value()
    return Signer(settings.dkim_domain, settings.dkim_selector, key).signed
