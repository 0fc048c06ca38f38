"""The customer's own words of a message: what is quoted, reported or forwarded is blanked out.

Invariant: the text is as long as the message, and what is left stands at its own place.
"""

from itertools import accumulate

from services.classifier.tagging.reported import may_report, reported
from services.classifier.tagging.turns import others
from services.classifier.tagging.words import normalise, split, visible


def own(text: str) -> str:
    """Return the text with NUL in place of each letter and sign that somebody else said."""
    letters = list(text)
    for begin, end in others(text):
        letters[begin:end] = "\0" * (end - begin)
    if may_report(text):
        words, shown = split(text), visible(text)
        ends = list(accumulate(map(len, words)))
        for at in reported(words, [normalise(word) for word in words]):
            for place in shown[ends[at] - len(words[at]) : ends[at]].tolist():
                letters[place] = "\0"
    return "".join(letters)
