"""Keeps abuse from staff until they choose to see it. Pure."""

from shared.events.tags import Tags, Tone

_MASK = "•"


def masked(text: str, tags: Tags) -> str:
    """Return the text with its abusive passages covered, letter by letter.

    All of it where the tone is abusive and nothing says which passage is.
    """
    spans = [
        (part.start, part.end)
        for part in tags.evidence
        if part.target == "tone" and part.value == Tone.ABUSIVE
        if part.start is not None and part.end is not None
    ]
    told = [(start, end) for start, end in spans if 0 <= start < end <= len(text)]
    if tags.tone.value is Tone.ABUSIVE and (not told or len(told) < len(spans)):
        told = [(0, len(text))]
    letters = list(text)
    for start, end in told:
        for place in range(start, end):
            if not letters[place].isspace():
                letters[place] = _MASK
    return "".join(letters)
