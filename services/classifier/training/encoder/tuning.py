"""Tunes the upper layers and the heads on labelled readings; all seeds are fixed.

A message is read twice: as it stands, for tone, pressure and flags, and as its matter with the
facts, for fault. The lower layers stay as they are, so their states are computed once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.weights import FAULTS, HEADS
from services.classifier.training.encoder.network import Array, Embedding, Network, Tree, module
from services.classifier.training.encoder.packed import Packed, Singles
from services.classifier.training.encoder.tokens import Tokens
from shared.events.tags import Flag

LOWER: Final = 4
"""So many layers stay as they are; the others are tuned."""
RATE: Final = 1.5e-4
HEAD_RATE: Final = 2e-3
SMOOTHING: Final = 0.05
HIDDEN: Final = 0.1
"""Share of pieces of words that are hidden in each step, so that no single one is leant on."""
FLAGS_COUNT: Final = 0.5
"""How much the flags count in the loss; tone, pressure and fault count 1 each."""
SHARP: Final = 100.0
"""Vectors of one length lie close together; logits need weights of this size."""
_PIECES: Final = 2048
"""Pieces of words in each step."""
_TEXTS: Final = 24
"""About so many texts are in each step."""
_SIZES: Final = (48, 64, 80, 96, 112, 128, 160, 208, 320, 512)
_SAMPLE: Final = 100
_EVERY: Final = 50
"""After so many steps a line tells how far it is."""

States = NDArray[np.float16]
Rule = Any  # how Optax changes tables
Step = Callable[[Tree, Tree, Tree, Array], tuple[Tree, Tree]]
CLASSES: Final = {
    "tone": HEADS["tone"],
    "pressure": HEADS["pressure"],
    "flags": tuple(Flag),
    "fault": FAULTS,
}
OF_MANNER: Final = ("tone", "pressure", "flags")


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a case: states below the tuned layers, what it teaches, and circumstances."""

    states: States
    gold: Mapping[str, Singles]
    """Per target: one number a class, the right one 1; nothing where the case does not teach it."""
    beside: Singles | None = None
    """Given for matter alone."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """Tables of the tuned layers and of the heads."""

    layers: dict[str, Singles]
    heads: dict[str, Singles]


def lower_states(packed: Packed, texts: Sequence[str], say: Callable[[str], None]) -> list[States]:
    """Return the states of each text after the layers that stay as they are."""
    network, embedding = Network.of(packed), Embedding(packed)
    tokens = Tokens(packed.vocabulary, packed.positions)
    numbers = [tokens.numbers(text) for text in texts]
    tables = packed.upper(range(LOWER))
    run = network.jax.jit(lambda x, real: network.states(x, real, tables, rounded=False))
    found: list[States] = [np.zeros((0, packed.width), np.float16)] * len(texts)
    plan = _batches([len(each) for each in numbers], None)
    for done, (rows, size) in enumerate(plan):
        _tell(say, "read", done, len(plan))
        x, real = _padded([embedding.of(numbers[n]) for n in rows], size)
        states = np.asarray(run(x, real))
        for at, n in enumerate(rows):
            found[n] = states[at, : len(numbers[n])].astype(np.float16)
    return found


class Tuner:
    """Learns from readings."""

    def __init__(self, packed: Packed, say: Callable[[str], None]) -> None:
        self._network = Network.of(packed)
        self._say = say
        self._jax, self._optax = self._network.jax, module("optax")
        self._packed = packed
        self._upper = range(LOWER, packed.layers)
        self._vectors_of = self._jax.jit(self._vectors)

    def tune(self, readings: Sequence[Reading], epochs: int) -> Tuned:
        """Return the tables after every reading was shown so many times."""
        tables = self._beginning(readings)
        lengths = [len(reading.states) for reading in readings]
        chance = np.random.default_rng(0)
        plan = [batch for _ in range(epochs) for batch in _batches(lengths, chance, readings)]
        rule = self._rule(len(plan))
        memory, key = rule.init(tables), self._jax.random.key(0)
        step = self._jax.jit(self._step(rule), donate_argnums=(0, 1))
        for done, (rows, size) in enumerate(plan):
            _tell(self._say, "tuned", done, len(plan))
            key, mask = self._jax.random.split(key)
            batch = _batch([readings[n] for n in rows], size)
            tables, memory = step(tables, memory, batch, mask)
        host = self._jax.tree.map(np.asarray, tables)
        return Tuned(host.pop("layers"), host)

    def opinions(self, tuned: Tuned, readings: Sequence[Reading]) -> dict[str, Singles]:
        """Return the logits of each target for readings of one kind."""
        vectors = self._read(tuned.layers, readings)
        beside = [reading.beside for reading in readings if reading.beside is not None]
        found = self._logits(tuned.heads, vectors, np.stack(beside) if beside else None)
        return {target: np.asarray(logits) for target, logits in found.items()}

    def _beginning(self, readings: Sequence[Reading]) -> dict[str, Any]:
        chance = np.random.default_rng(0)
        layers = self._packed.upper(self._upper)
        sample = [readings[n] for n in chance.permutation(len(readings))[:_SAMPLE].tolist()]
        heads: dict[str, Any] = {"centre": self._read(layers, sample).mean(axis=0)}
        for target, classes in CLASSES.items():
            shape = (self._packed.width, len(classes))
            heads[target] = (chance.normal(size=shape) * 0.02).astype(np.float32)
            heads[f"{target}_bias"] = np.zeros(len(classes), np.float32)
        known = next(reading.beside for reading in readings if reading.beside is not None)
        heads["fault_beside"] = np.zeros((len(known), len(FAULTS)), np.float32)
        return heads | {"layers": layers}

    def _read(self, layers: dict[str, Singles], readings: Sequence[Reading]) -> Singles:
        found = np.zeros((len(readings), self._packed.width), np.float32)
        for rows, size in _batches([len(reading.states) for reading in readings], None):
            x, real = _padded([readings[n].states for n in rows], size)
            found[rows] = np.asarray(self._vectors_of(layers, x, real))[: len(rows)]
        return found

    def _vectors(self, layers: Tree, x: Array, real: Array) -> Array:
        states = self._network.states(x, real, layers, rounded=True)
        return self._network.vectors(states, real)

    def _logits(self, heads: Tree, vectors: Array, beside: Array | None) -> dict[str, Array]:
        shown = (vectors - heads["centre"]) * SHARP
        targets = OF_MANNER if beside is None else ("fault",)
        found = {target: shown @ heads[target] + heads[f"{target}_bias"] for target in targets}
        if beside is not None:
            found["fault"] = found["fault"] + beside @ heads["fault_beside"]
        return found

    def _loss(self, tables: Tree, batch: Tree, mask: Array) -> Array:
        real = batch["real"]
        kept = self._jax.random.bernoulli(mask, 1 - HIDDEN, real.shape).at[:, 0].set(True)
        vectors = self._vectors(tables["layers"], batch["x"], real & kept)
        loss = 0.0
        for target, logits in self._logits(tables, vectors, batch.get("beside")).items():
            gold, taught = batch[target], batch[f"{target}_taught"]
            if target == "flags":
                each = self._optax.sigmoid_binary_cross_entropy(logits, gold).sum(-1)
                loss += FLAGS_COUNT * (each * taught).sum()
            else:
                wished = gold * (1 - SMOOTHING) + SMOOTHING / gold.shape[-1]
                each = -(wished * self._jax.nn.log_softmax(logits, -1)).sum(-1)
                loss += (each * taught).sum()
        return loss / _TEXTS

    def _step(self, rule: Rule) -> Step:
        def step(tables: Tree, memory: Tree, batch: Tree, mask: Array) -> tuple[Tree, Tree]:
            slope = self._jax.grad(self._loss)(tables, batch, mask)
            change, memory = rule.update(slope, memory, tables)
            return self._optax.apply_updates(tables, change), memory

        return step

    def _rule(self, steps: int) -> Rule:
        optax = self._optax

        def adam(peak: float) -> Rule:
            rate = optax.warmup_cosine_decay_schedule(0, peak, steps // 10, steps, peak / 50)
            return optax.adamw(rate, weight_decay=0.01)

        rules = {"layers": adam(RATE), "heads": adam(HEAD_RATE), "fixed": optax.set_to_zero()}

        def kinds(tables: Mapping[str, Any]) -> dict[str, str]:
            named = {"layers": "layers", "centre": "fixed"}
            return {name: named.get(name, "heads") for name in tables}

        return optax.chain(optax.clip_by_global_norm(1.0), optax.multi_transform(rules, kinds))


def _tell(say: Callable[[str], None], what: str, done: int, steps: int) -> None:
    if done % _EVERY == 0:
        say(f"{what} {done} of {steps} steps")


def _batches(
    lengths: Sequence[int],
    chance: np.random.Generator | None,
    readings: Sequence[Reading] | None = None,
) -> list[tuple[list[int], int]]:
    """Return batches of like length and, where readings are given, of one kind."""
    count = len(lengths)
    order = range(count) if chance is None else chance.permutation(count).tolist()
    alike: dict[tuple[int, bool], list[int]] = {}
    for n in order:
        size = next(size for size in _SIZES if size >= lengths[n])
        is_matter = readings is not None and readings[n].beside is not None
        alike.setdefault((size, is_matter), []).append(n)
    found = [
        (rows[at : at + _PIECES // size], size)
        for (size, _), rows in alike.items()
        for at in range(0, len(rows), _PIECES // size)
    ]
    return found if chance is None else [found[n] for n in chance.permutation(len(found)).tolist()]


def _padded(states: Sequence[NDArray[Any]], size: int) -> tuple[Singles, NDArray[np.bool_]]:
    """Put states of texts side by side, always as many of them as the size allows."""
    count = _PIECES // size
    x = np.zeros((count, size, states[0].shape[1]), np.float32)
    real = np.zeros((count, size), np.bool_)
    real[:, 0] = True  # the mean of nothing is no number
    for row, each in enumerate(states):
        x[row, : len(each)] = each
        real[row, : len(each)] = True
    return x, real


def _batch(readings: Sequence[Reading], size: int) -> dict[str, Any]:
    x, real = _padded([reading.states for reading in readings], size)
    found: dict[str, Any] = {"x": x, "real": real}
    is_matter = readings[0].beside is not None
    for target in ("fault",) if is_matter else OF_MANNER:
        gold = np.zeros((len(x), len(CLASSES[target])), np.float32)
        taught = np.zeros(len(x), np.float32)
        for row, reading in enumerate(readings):
            if target in reading.gold:
                gold[row], taught[row] = reading.gold[target], 1
        found |= {target: gold, f"{target}_taught": taught}
    known = [reading.beside for reading in readings if reading.beside is not None]
    if known:
        found["beside"] = np.zeros((len(x), len(known[0])), np.float32)
        found["beside"][: len(known)] = known
    return found
