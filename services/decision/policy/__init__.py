"""The policy: data that a bank changes, and the models that read it."""
