"""Metadata: what users publish about themselves and their channels, by key.

https://ircv3.net/specs/extensions/metadata. The values belong to `User`, `Channel` and `Account`; here are the rules,
and a session's use of metadata.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

_KEY = re.compile(r"[a-z0-9_./-]+")
_MINUTE = 60_000  # ms


def is_key(key: str, longest: int) -> bool:
    """Whether a key is valid: "restricted to the ranges `a-z`, `0-9`, and `_./-`". longest: bytes."""
    return len(key) <= longest and _KEY.fullmatch(key) is not None


def changed(values: Mapping[str, str], changes: Mapping[str, str], most: int) -> dict[str, str]:
    """Return the values with these changes, in which "" removes a key; additions beyond `most` keys are left out."""
    after = dict(values)
    for key, value in changes.items():
        if not value:
            after.pop(key, None)
        elif key in after or len(after) < most:
            after[key] = value
    return after


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the changes that lead from one to the other."""
    removed = {key: "" for key in before if key not in after}  # ordered, so that it is the same on all nodes
    return removed | {key: value for key, value in after.items() if before.get(key) != value}


@dataclass(slots=True, eq=False)
class MetadataUse:
    """A session's use of metadata.

    subscriptions: the keys it is notified about, in the order of subscribing. pending: values that it set before it was
    registered.
    """

    subscriptions: dict[str, None] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    _changes: deque[int] = field(default_factory=deque)

    @property
    def changes(self) -> list[int]:
        """The times of its recent changes, ms since the epoch."""
        return list(self._changes)

    def wait(self, now: int, a_minute: int) -> int:
        """Return the seconds until this session may change something again, 0 if now.

        now: ms; a_minute: 0 is no limit.
        """
        while self._changes and not now - _MINUTE < self._changes[0] <= now:  # the clock may have been set back
            self._changes.popleft()
        if not a_minute or len(self._changes) < a_minute:
            return 0
        return -((now - self._changes[-a_minute] - _MINUTE) // 1000)

    def count_change(self, now: int) -> None:
        """Count a change made now."""
        self._changes.append(now)
