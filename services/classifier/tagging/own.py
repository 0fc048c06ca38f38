"""The customer's own words of a message: what is quoted, reported or forwarded is blanked out.

Invariant: the text is as long as the message, and what is left stands at its own place.
"""

from itertools import accumulate

from services.classifier.tagging.reported import may_report, reported
from services.classifier.tagging.turns import others
from services.classifier.tagging.words import normalise, split, visible, within


def own(text: str) -> str:
    """Return the text with NUL in place of each letter and sign that somebody else said."""
    letters = list(text)
    lines = others(text)
    if may_report(text):
        words, shown = split(text), visible(text)
        ends = list(accumulate(map(len, words)))
        elsewhere = within(words, text, lines)
        for at in reported(words, [normalise(word) for word in words], elsewhere=elsewhere):
            for place in shown[ends[at] - len(words[at]) : ends[at]].tolist():
                letters[place] = "\0"
    for begin, end in lines:
        letters[begin:end] = "\0" * (end - begin)
    return "".join(letters)
