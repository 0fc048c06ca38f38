"""Tags each message with tone, pressure, fault and flags, with evidence and confidence."""
