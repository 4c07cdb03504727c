"""Links in texts: finding them, and encoding them for a terminal."""

import re
from urllib.parse import quote

_LINK = re.compile(r"(?:https?|ftps?|gemini|ircs?)://[^\s<>\"`{}|\\^\u2028\u2029\x00-\x20\x7f-\x9f]+", re.IGNORECASE)
_ENDS = ".,;:!?'\"*_~"  # of the sentence around it, rather than of the link
_PAIRS = {")": "(", "]": "["}
LONGEST = 2000  # characters; terminals ignore longer ones


def find(text: str) -> list[tuple[int, int]]:
    """Return the beginning and end of each link in a text."""
    if "://" not in text:
        return []
    return [(match.start(), match.start() + _length(match[0])) for match in _LINK.finditer(text)]


def links(text: str) -> list[str]:
    """Return the links in a text, in order, without duplicates."""
    return list(dict.fromkeys(text[start:end] for start, end in find(text)))


def encoded(link: str) -> str:
    """Return the link in printable ASCII, "" if it is too long. https://url.spec.whatwg.org/#percent-encode"""
    safe = quote(link, safe="!#$%&'()*+,-./:;=?@[]_~")
    return safe if len(safe) <= LONGEST else ""


def _length(link: str) -> int:
    """Return the length without punctuation at the end; a bracket counts if it was opened in the link."""
    while link:
        last = link[-1]
        if last not in _ENDS and not (last in _PAIRS and link.count(last) > link.count(_PAIRS[last])):
            break
        link = link[:-1]
    return len(link)
