"""What each service is told: the variables of its settings, and nothing of anybody's shell.

What somebody set for the classifier goes to the classifier alone; the options hold it.
"""

from collections.abc import Mapping
from typing import Final

from deploy.local.settings import Options, Ports
from deploy.local.state import StackState
from shared.migrate import SERVICES

MAIL_FROM: Final = "Evenhand Bank <cases@bank.example>"


def of_services(
    options: Options, ports: Ports, state: StackState, stop_within: float
) -> dict[str, Mapping[str, str]]:
    """Return the environment of every service; `stop_within` is in seconds."""
    addresses = state.addresses
    everybody = {
        **options.extra,
        "EVENHAND_KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
        "EVENHAND_KAFKA_IDEMPOTENCE": str(addresses.kafka_idempotence).lower(),
        "EVENHAND_HTTP_HOST": "127.0.0.1",
        "EVENHAND_TRACE_RATIO": str(options.trace_ratio),
        "EVENHAND_LOG_LEVEL": options.log_level,
        "EVENHAND_OPEN_METRICS": "true",
        "EVENHAND_STOP_WITHIN": f"PT{stop_within:g}S",
    }
    if options.broker == "embedded":
        # A join takes this broker as long as a session; a message waits for it as long as a fetch.
        everybody["EVENHAND_KAFKA_SESSION_TIMEOUT"] = "PT3S"
        everybody["EVENHAND_KAFKA_FETCH_WAIT"] = "PT0.025S"
    if addresses.traces_url is not None:
        everybody["EVENHAND_OTLP_ENDPOINT"] = addresses.traces_url
    own: dict[str, dict[str, str]] = {
        "decision": {
            "EVENHAND_CLOCK_MAY_MOVE": "true",
            **({} if addresses.bank_url is None else {"EVENHAND_BANK_URL": addresses.bank_url}),
        },
        "classifier": dict(options.classifier),
        "intake": {
            "EVENHAND_PUBLIC_URL": addresses.intake_url,
            "EVENHAND_OPEN_DOCS": "true",
            "EVENHAND_WEBHOOK_ALLOW_PRIVATE": "true",
        },
        "notifier": {
            "EVENHAND_SMTP_HOST": "127.0.0.1",
            "EVENHAND_SMTP_PORT": str(addresses.smtp_port),
            "EVENHAND_SMTP_TLS": "none",
            "EVENHAND_SMTP_TIMEOUT": "PT5S",
            # A killed notifier's yes-es are settled by the next one, and none is told twice.
            "EVENHAND_JOURNAL_DIR": str(options.folder.resolve() / "notifier"),
            "EVENHAND_MAIL_FROM": MAIL_FROM,
            "EVENHAND_WEBHOOK_SECRET": state.webhook_secret.get_secret_value(),
            "EVENHAND_WEBHOOK_ALLOW_PRIVATE": "true",
            "EVENHAND_STATUS_URL": addresses.services["notifier"],
            "EVENHAND_STATUS_SECRET": state.status_secret.get_secret_value(),
            "EVENHAND_INTAKE_URL": addresses.intake_url,
            "EVENHAND_INTAKE_KEY": state.api_key.get_secret_value(),
        },
    }
    return {
        service: {
            **everybody,
            "EVENHAND_DATABASE_URL": state.database_urls[service].get_secret_value(),
            "EVENHAND_HTTP_PORT": str(getattr(ports, service)),
            **own.get(service, {}),
        }
        for service in SERVICES
    }
