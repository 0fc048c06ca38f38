"""The ways to the customer: e-mail over SMTP, and signed webhooks."""
