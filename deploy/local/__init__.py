"""The embedded stack: broker, database, trace sink and mail catcher without Docker."""
