"""Nicknames in every script: the casemapping `precis`, and protection against names that look like another's.

Two spellings are one name by the profile UsernameCaseMapped of PRECIS (RFC 8265, section 3.3). Two names are confusable
by Unicode's table of confusable characters (UTS #39, section 4): `аlice` with a Cyrillic а is not `alice`, but looks
the same. Both come from libraries that are loaded with the first name that is not ASCII, since their tables take 50 ms.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

# ASCII is as strict as under the other casemappings; PRECIS decides about the rest.
_CANDIDATE = re.compile(r"[A-Za-z\[\]\\`_^{|}\u0080-\U0010ffff][A-Za-z0-9\[\]\\`_^{|}\u0080-\U0010ffff-]*\Z")


def is_nick(name: str) -> bool:
    """Whether PRECIS allows a nick, its ASCII characters are valid in any nick, and the first one can stand alone."""
    if _CANDIDATE.match(name) is None:
        return False
    return name.isascii() or (not unicodedata.category(name[0]).startswith("M") and _enforce(name) is not None)


def fold(name: str) -> str:
    """Return the form under which a name is looked up. A name that PRECIS forbids (a channel's, say) is lower-cased."""
    if name.isascii():
        return name.lower()
    folded = _enforce(name)
    return unicodedata.normalize("NFC", name.lower()) if folded is None else folded


def skeleton(name: str) -> str:
    """Return the look of a nick. It depends on the case: `Н` (Cyrillic) looks like `H`, `н` like nothing else.

    Within ASCII all letters differ: `l` and `1` have always been two names.
    """
    if name.isascii():
        return name.lower()
    return "".join(map(_prototype, unicodedata.normalize("NFD", name))).lower()


@lru_cache(16384)
def _enforce(name: str) -> str | None:
    try:
        return _profile()(name)
    except UnicodeEncodeError:
        return None


@lru_cache(16384)
def _prototype(character: str) -> str:
    """Return the character that represents all that look like this one: an ASCII one if possible, else the first."""
    if character.isascii():
        return character
    alike = {character}
    unseen = [character]
    while unseen:
        for other in _confusables().get(unseen.pop(), ()):
            glyph = other["c"]
            # not beyond ASCII: `l` looks like `1` and `|`, which look like characters that don't look like `l`
            if glyph not in alike:
                alike.add(glyph)
                if not glyph.isascii():
                    unseen.append(glyph)
    return min(alike, key=lambda glyph: (not glyph.isascii(), len(glyph), glyph))


@cache
def _profile() -> Callable[[str], str]:
    from precis_i18n import get_profile

    enforce: Callable[[str], str] = get_profile("UsernameCaseMapped").enforce
    return enforce


@cache
def _confusables() -> Mapping[str, list[dict[str, Any]]]:
    from confusable_homoglyphs.confusables import confusables_data

    table: Mapping[str, list[dict[str, Any]]] = confusables_data
    return table
