"""Takes cases in over HTTP, stores them durably and publishes them; serves the read model."""
