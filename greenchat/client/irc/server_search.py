"""Searches the server's history: the results are shown in the current window.

soju.im/search: https://codeberg.org/emersion/soju/src/branch/master/doc/ext/search.md
"""

from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.protocol import caps
from greenchat.protocol.message import format_tags

CAPABILITY = "soju.im/search"
MOST = 30  # messages that are asked for


def can_search(network: ClientNetwork) -> bool:
    """Whether the server can search its history."""
    return (
        network.caps.held & caps.SEARCH != 0
        and network.caps.held & caps.BATCH != 0
        and network.link.state is LinkState.ONLINE
    )


def ask(network: ClientNetwork, text: str) -> None:
    """Request the newest messages with these words, from all conversations that the user may read."""
    network.send("SEARCH", format_tags({"text": text, "limit": str(MOST)}))
