"""Tells the customer the status, exactly once in effect, by e-mail and signed webhook."""
