"""What every service is made of: events, hop, outbox, telemetry. Imports no service."""
