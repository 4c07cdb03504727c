"""The state of moderation, as a part of a snapshot.

Held lines of users who have gone are left out, since they can't be released, and so are texts older than the filter's
window, so that no file keeps them for long.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from greenchat.chat.continuity.messages import dump_message, load_message
from greenchat.chat.moderation import HeldLine
from greenchat.chat.network import Network
from greenchat.chat.protection.spam import LATELY, Suspect
from greenchat.chat.user import Session, User
from greenchat.protocol.multiline import Part


def dump(network: Network, numbers: Mapping[User, int], now: int) -> dict[str, Any]:
    """Return the state as a JSON value. numbers: of the users in the snapshot. now: ms since the epoch."""
    state = network.moderation
    since = now - max(LATELY, round(network.settings.spam.window * 1000))
    suspects = [
        [numbers[user], _after(suspect.scores, since), _after(suspect.texts, since)]
        for user, suspect in state.suspects.items()
    ]
    return {
        "suspects": sorted(each for each in suspects if each[2]),
        "wave": state.wave.dump(since),
        "muted": sorted([numbers[user], until] for user, until in state.muted.items() if until > now),
        "told": sorted([numbers[user], time] for user, time in state.last_reported.items()),
        "held": [
            [
                *(held.number, held.time, held.session.number, numbers[held.user]),
                *(dump_message(held.message), list(map(list, held.parts)), held.reasons),
            ]
            for held in state.held.values()
            if held.session.user is held.user
        ],
        "number": state.number,
    }


def _after(timed: Iterable[tuple[int, object]], since: int) -> list[list[object]]:
    return [list(each) for each in timed if each[0] > since]


def load(network: Network, form: Mapping[str, Any], users: Sequence[User], sessions: Mapping[int, Session]) -> None:
    """Load `dump`'s output. users, sessions: of the snapshot, by number."""
    state = network.moderation
    for number, scores, texts in form["suspects"]:
        suspect = state.suspects[users[number]] = Suspect(deque((time, points) for time, points in scores))
        suspect.texts.extend((time, text) for time, text in texts)
    state.wave.load(form["wave"])
    state.muted = {users[number]: until for number, until in form["muted"]}
    state.last_reported = {users[number]: time for number, time in form["told"]}
    for number, time, session, user, message, parts, reasons in form["held"]:
        pieces = tuple(Part(*part) for part in parts)
        held = HeldLine(number, time, sessions[session], users[user], load_message(message), pieces, reasons)
        state.held[number] = held
    state.number = form["number"]
