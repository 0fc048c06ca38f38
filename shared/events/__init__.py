"""The contracts: frozen models, CloudEvents envelope, generated schemas. No input or output."""
