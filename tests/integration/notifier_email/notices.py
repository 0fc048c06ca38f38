"""Notices by e-mail, as the mail server has them."""

from deploy.local.mailbox.running import MailCatcher
from tests.integration.letters import letters_of

ANNA = "anna@example.com"


def kinds(catcher: MailCatcher) -> list[str]:
    """Return the kinds of the notices, in the order in which they came."""
    return [str(letter["X-Evenhand-Notice"]) for letter in letters_of(catcher)]
