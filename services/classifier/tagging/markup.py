"""HTML mail: the markup is blanked out, so that every offset still belongs to the message.

Linear in the length of the text: no tag is longer than a bound, none holds another.
"""

import re
from typing import Final

_LOOKS_LIKE_MARKUP: Final = re.compile(
    r"</[a-z]|<(?:br|p|div|html|body|span|table)\b", re.IGNORECASE
)
_HIDDEN: Final = re.compile(
    r"<(?:style|script|head)\b[^<>]{0,500}>[^<]{0,20000}</(?:style|script|head)>", re.IGNORECASE
)
_TAG: Final = re.compile(r"<[/!a-z][^<>]{0,1000}>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8});", re.IGNORECASE)


def blanked(text: str) -> str:
    """Return the text with markup replaced by as many spaces; any other text as it is."""
    if _LOOKS_LIKE_MARKUP.search(text) is None:
        return text
    for pattern in (_HIDDEN, _TAG, _ENTITY):
        text = pattern.sub(_spaces, text)
    return text


def _spaces(found: re.Match[str]) -> str:
    return " " * len(found.group())
