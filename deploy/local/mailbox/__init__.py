"""Mail catcher for the embedded stack: takes mail by SMTP, delivers it to nobody, shows it.

It behaves as a mailbox server does: a mail that a recipient already has is not kept twice.
"""
