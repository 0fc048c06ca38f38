"""The SLA clock: when an answer is due, and who is told before. It cannot express a decision."""
