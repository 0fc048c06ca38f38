"""Which words of danger are meant: a figure of speech close by takes them back."""

from typing import Final

import numpy as np

from services.classifier.tagging.features import Words
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.lists import HARM, HYPERBOLE
from services.classifier.tagging.vocabulary import Vocabulary

APART: Final = 6
"""Self-harm or an intent to kill raises the flag, but for a figure of speech so few words away."""
CLOSE: Final = 2
"""A figure of speech makes harmless only what stands so close: a threat may follow it."""


def meant(concept: str, words: Words, known: Vocabulary, apart: int) -> Ints:
    """Return the words that stand for a concept and that no figure of speech takes back.

    A figure of speech takes back what stands no more than `apart` words away.
    """
    return sober(_standing(concept, words, known), words, known, apart)


def sober(spoken: Ints, words: Words, known: Vocabulary, apart: int) -> Ints:
    """Return those of these words from which any figure of speech is farther than so many words."""
    place = np.arange(len(words.word)) + apart * words.message  # messages are far apart
    taken = _standing(HYPERBOLE, words, known)
    edges = np.concatenate([[-apart - 1], place[taken], [place[-1] + apart + 1]])
    after = np.searchsorted(edges, place[spoken])
    gap = np.minimum(edges[after] - place[spoken], place[spoken] - edges[after - 1])
    found: Ints = spoken[gap > apart]
    return found


def figurative(words: Words, known: Vocabulary) -> Ints:
    """Return the messages whose every act of violence is a figure of speech."""
    spoken = set(words.message[_standing(HARM, words, known)].tolist())
    serious = set(words.message[meant(HARM, words, known, CLOSE)].tolist())
    return np.array(sorted(spoken - serious), np.int64)


def _standing(concept: str, words: Words, known: Vocabulary) -> Ints:
    """Return the words that stand for a concept."""
    number = known.lists.concepts.index(concept)
    of_group = np.array([number in concepts for concepts in known.members])
    return np.flatnonzero(of_group[words.group])
