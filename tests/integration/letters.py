"""The letters that a mail catcher has taken, as their readers see them."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from deploy.local.mailbox.running import MailCatcher


def letters_of(catcher: MailCatcher) -> list[EmailMessage]:
    """Return the letters, in the order in which they came."""
    box = catcher.mailbox
    return [message_from_bytes(box.raw(each), policy=policy.default) for each in box.since(0, 1000)]
