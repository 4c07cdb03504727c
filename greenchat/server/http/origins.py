"""The origin of a request: the address behind a proxy, and the site whose page sent it."""

import re
from collections.abc import Iterable
from ipaddress import ip_address

from greenchat.protocol.http_head import RequestHead
from greenchat.values.addresses import IpNetwork, is_within

_ORIGIN = re.compile(r"https?://([^/\s]+)", re.IGNORECASE)
_FOR = re.compile(r'(?:^|[;\s])for="?([^";,\s]+)', re.IGNORECASE)
_NODE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?::\d+)?")
_ANY = "*"


def client_address(head: RequestHead, peer: str, proxies: tuple[IpNetwork, ...]) -> str:
    """Return the client's IP address: the last one reported by one of our own proxies.

    proxies: trusted ones, whose forwarding field is used; it is ignored from others.
    https://www.rfc-editor.org/rfc/rfc7239
    """
    for text in reversed(_forwarded(head)):
        if not proxies or not is_within(peer, proxies):
            break
        match = _NODE.fullmatch(text.strip())
        try:
            peer = str(ip_address(match[1].strip("[]") if match else ""))
        except ValueError:
            break
    return peer


def is_forwarded_securely(head: RequestHead) -> bool:
    """Whether a proxy says that the client used TLS."""
    last = head.get("x-forwarded-proto").rpartition(",")[2].strip().lower()
    proto = re.search(r'proto="?(\w+)"?', head.get("forwarded").rpartition(",")[2], re.IGNORECASE)
    return (proto[1].lower() if proto else last) == "https"


def is_own(head: RequestHead, allowed: Iterable[str]) -> bool:
    """Whether a page of this server, or of an allowed site, sent the request, or no page at all.

    allowed: origins like https://chat.example.org; * allows all.
    """
    origins = [value for name, value in head.fields if name == "origin"]
    if not origins:
        return True
    allowed = {each.lower() for each in allowed}
    if len(origins) > 1:
        return False
    origin = origins[0].lower()
    match = _ORIGIN.fullmatch(origin)
    return _ANY in allowed or origin in allowed or (match is not None and match[1] == head.host.lower())


def _forwarded(head: RequestHead) -> list[str]:
    """Return the addresses that were forwarded, from the client to the last proxy but one."""
    if head.get("forwarded"):
        matches = (_FOR.search(element) for element in head.get("forwarded").split(","))
        return [match[1] if match else "" for match in matches]
    return head.get("x-forwarded-for").split(",")
