"""Files that people offer by DCC SEND. Nothing is downloaded until the user asks for it.

https://modern.ircdocs.horse/dcc
"""

import re
from ipaddress import ip_address

from greenchat.client.state.network import ClientNetwork
from greenchat.client.state.transfers import Offer

_LONGEST = 200  # bytes: file systems take 255, and a number may follow
_SEND = re.compile(r'SEND (?:"([^"]+)"|(\S+)) (\S+) (\d{1,5})(?: (\d{1,15}))?(?: \S+)?', re.I)


def offered(network: ClientNetwork, nick: str, argument: str) -> Offer | None:
    """Return the offer of a DCC message `SEND <filename> <address> <port> [<size>]`; None for anything else.

    A port 0 asks the user to listen, which this client does not.
    """
    match = _SEND.fullmatch(argument.strip())
    if not match or not 0 < int(match[4]) < 65536:
        return None
    try:
        # "an IPv4 address as a decimal integer", or an IPv6 address as text
        host = str(ip_address(int(match[3]) if match[3].isdecimal() else match[3]))
    except ValueError:
        return None
    return Offer(network, nick, match[1] or match[2], host, int(match[4]), int(match[5] or 0))


def safe_name(name: str) -> str:
    """Return a safe name for a file in the user's folder: without a path, without a leading dot or hyphen, without
    control characters, and not too long."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(letter if letter.isprintable() and letter not in ':*?"<>|' else "_" for letter in last)
    return plain.lstrip("-. ").encode()[:_LONGEST].decode(errors="ignore").rstrip(". ") or "file"
