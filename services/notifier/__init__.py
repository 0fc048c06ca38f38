"""Tells the customer the status: once in effect by e-mail and webhook, and on a page."""
