"""A mail server that fails as it is told, and a notifier that sends by it."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.mailbox import running
from deploy.local.mailbox.running import MailCatcher
from tests.integration.notifier_email.faults import Faults
from tests.integration.notifier_service import HasDatabase, Notifier, notifier


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def catcher(faults: Faults) -> AsyncIterator[MailCatcher]:
    mail = await running.start(script=faults)
    yield mail
    await mail.stop()


@pytest.fixture
async def service(database: HasDatabase, catcher: MailCatcher) -> AsyncIterator[Notifier]:
    async with notifier(database, catcher.smtp_port) as made:
        yield made
