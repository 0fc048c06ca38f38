"""An array that grows at its end without copying what it holds each time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Growing:
    """Rows of whole numbers, appended in blocks."""

    def __init__(self, width: int, dtype: type[np.signedinteger[Any]] = np.int64) -> None:
        self._store = np.zeros((1024, width), dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def rows(self) -> NDArray[Any]:
        """The rows so far: a view, valid until the next `extend`."""
        return self._store[: self._size]

    def extend(self, block: NDArray[Any]) -> None:
        """Append a block of rows."""
        needed = self._size + len(block)
        if needed > len(self._store):
            larger = np.zeros((2 * needed, self._store.shape[1]), self._store.dtype)
            larger[: self._size] = self.rows
            self._store = larger
        self._store[self._size : needed] = block
        self._size = needed
