"""Tunes the upper layers of the deep tier's language model; needs the extra `tune` (jax, optax)."""
