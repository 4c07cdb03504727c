"""Masks: texts in which `*` stands for any characters and `?` for one. https://modern.ircdocs.horse/#wildcard-expressions"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from greenchat.protocol.casemap import Casefold, rfc1459_fold, rfc1459_strict_fold

Matcher = Callable[[str], bool]
"""Whether a text is meant."""

_FOLDS: dict[str, Casefold] = {
    "rfc1459": lambda text: rfc1459_fold(text.lower()),
    "rfc1459-strict": lambda text: rfc1459_strict_fold(text.lower()),
}


def mask_fold(casemapping: str) -> Casefold:
    """The form in which masks and what they are held against are compared under a casemapping.

    All of them fold the case of every script here; those of RFC 1459 also know `{}|^` as the lower case of `[]\\~`.
    """
    return _FOLDS.get(casemapping, str.lower)


def glob(mask: str, text: str, fold: Casefold = str.lower) -> bool:
    """Whether a whole text matches a mask, whatever the case of their letters, in any script."""
    return compile_mask(fold(mask)).match(fold(text)) is not None


def any_of(masks: Sequence[str], fold: Casefold = str.lower) -> Matcher:
    """Whether a whole text matches one of some masks: all of them are one pattern, and one pass over the text each."""
    folded = dict.fromkeys(fold(mask) for mask in masks)
    pattern = re.compile("|".join(f"(?:{_pattern(mask)})" for mask in folded), re.DOTALL)
    return lambda text: pattern.match(fold(text)) is not None


@lru_cache(4096)
def compile_mask(mask: str) -> re.Pattern[str]:
    """A pattern whose `match` tells whether a whole text matches. Fold both before: it minds the case.

    Each `*` takes the shortest match of what follows it and never reconsiders (an atomic group): no mask, however
    mean, takes more than one pass over the text.
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
