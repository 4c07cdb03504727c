"""Masks: texts in which `*` stands for any characters and `?` for one.

https://modern.ircdocs.horse/#wildcard-expressions
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from greenchat.protocol.casemap import Casefold, rfc1459_fold, rfc1459_strict_fold

Matcher = Callable[[str], bool]
"""Whether a mask matches a text."""

MOST_STARS = 16  # in one mask
_GRAM = 3  # letters
_WILD = re.compile(r"[*?]")

_FOLDS: dict[str, Casefold] = {
    "rfc1459": lambda text: rfc1459_fold(text.lower()),
    "rfc1459-strict": lambda text: rfc1459_strict_fold(text.lower()),
}


def has_too_many_stars(mask: str) -> bool:
    """Whether a mask has more stars than allowed: each is a pass over the rest of every text it is matched against."""
    return mask.count("*") > MOST_STARS


def mask_fold(casemapping: str) -> Casefold:
    r"""Return the folding function for comparing masks and texts under a casemapping.

    All of them fold the case of every script here; those of RFC 1459 also know `{}|^` as the lower case of `[]\~`.
    """
    return _FOLDS.get(casemapping, str.lower)


def glob(mask: str, text: str, fold: Casefold = str.lower) -> bool:
    """Whether a complete text matches a mask, ignoring case, in any script."""
    return compile_mask(fold(mask)).match(fold(text)) is not None


def alike(mask: str, look: Casefold) -> str:
    """Return the mask for skeletons of texts. look: returns a skeleton, see `names.Naming`."""
    return "*".join("?".join(map(look, part.split("?"))) for part in mask.split("*"))


def any_of(masks: Sequence[str], fold: Casefold = str.lower) -> Matcher:
    """Whether a whole text matches one of several masks, which are compiled into one pattern."""
    folded = dict.fromkeys(fold(mask) for mask in masks)
    pattern = re.compile("|".join(f"(?:{_pattern(mask)})" for mask in folded), re.DOTALL)
    return lambda text: pattern.match(fold(text)) is not None


class MaskIndex:
    """An index of many masks that finds those that may match a text quickly: each is filed under three letters that
    every matching text must contain. Masks and texts must be folded.

    Reads: candidates. Changes: add, remove.
    """

    __slots__ = ("_filed", "_grams", "_order")

    def __init__(self) -> None:
        self._grams: dict[str, dict[str, int]] = {}  # "" has the masks without three consecutive letters
        self._filed: dict[str, str] = {}
        self._order = 0

    def add(self, key: str, mask: str) -> None:
        """Add a mask under a key of the caller's."""
        grams = {part[at : at + _GRAM] for part in _WILD.split(mask) for at in range(len(part) - _GRAM + 1)}
        rarest = min(grams, key=lambda gram: (len(self._grams.get(gram, ())), gram), default="")
        self._filed[key] = rarest
        self._order += 1
        self._grams.setdefault(rarest, {})[key] = self._order

    def remove(self, key: str) -> None:
        """Remove a mask, if it is there."""
        gram = self._filed.pop(key, None)
        if gram is not None:
            del self._grams[gram][key]
            if not self._grams[gram]:
                del self._grams[gram]

    def candidates(self, text: str) -> list[str]:
        """Return the keys of all masks that may match, in the order in which they were added."""
        filed_masks = dict(self._grams.get("", ()))
        for at in range(len(text) - _GRAM + 1):
            filed = self._grams.get(text[at : at + _GRAM])
            if filed:
                filed_masks.update(filed)
        return sorted(filed_masks, key=filed_masks.__getitem__)


@lru_cache(4096)
def compile_mask(mask: str) -> re.Pattern[str]:
    """Return a pattern whose `match` tells whether a whole text matches. Fold both before: it is case-sensitive.

    Each `*` takes the shortest match of what follows it and never reconsiders (an atomic group): no mask, however
    malicious, takes more than one pass over the text.
    """
    return re.compile(_pattern(mask), re.DOTALL)


def _pattern(mask: str) -> str:
    first, *rest = re.sub(r"\*+", "*", mask).split("*")
    pattern = _literal(first)
    if rest:
        *middles, last = rest
        pattern += "".join(f"(?>.*?{_literal(part)})" for part in middles) + ".*" + _literal(last)
    return pattern + r"\Z"


def _literal(part: str) -> str:
    return re.escape(part).replace(r"\?", ".")
