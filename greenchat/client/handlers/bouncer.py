"""Messages of a bouncer about its networks.

https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md
"""

from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.irc import bouncer
from greenchat.protocol import caps
from greenchat.protocol.message import parse_tags

_DONE = {"ADDNETWORK": "added", "CHANGENETWORK": "changed", "DELNETWORK": "removed"}


@on("BOUNCER")
def bouncer_message(incoming: Incoming) -> None:
    """`BOUNCER NETWORK <netid> <attributes>`, and answers to the user's commands."""
    subcommand, netid = incoming.param(0).upper(), incoming.param(1)
    if not incoming.network.caps.held & caps.BOUNCER_NETWORKS:
        return  # "The `soju.im/bouncer-networks` capability MUST be negotiated"
    if subcommand == "NETWORK" and netid and not bouncer.bound_to(incoming.network):
        attributes = None if incoming.param(2) == "*" else parse_tags(incoming.param(2))
        bouncer.network_changed(incoming.model, incoming.network, netid, attributes, incoming.time)
    elif subcommand in _DONE:
        incoming.model.tell(f"The bouncer has {_DONE[subcommand]} the network.", incoming.time)
