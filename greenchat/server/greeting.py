"""The lines that the server prints once it listens: its addresses, and how to join."""

from collections.abc import Iterator
from ipaddress import ip_address

from greenchat import __version__
from greenchat.cli import called
from greenchat.config.options import DEFAULT_ADDRESS, Address, Options
from greenchat.server.urls import own_addresses, page_urls


def greeting(addresses: list[Address], options: Options, fingerprint: str) -> Iterator[str]:
    """Yield the lines. fingerprint: of the certificate, "" without TLS."""
    for address in addresses:
        yield f"greenchat {__version__} is listening on {address}"
    first = addresses[0]
    is_local = first.host == DEFAULT_ADDRESS.host or ip_address(first.host).is_unspecified
    host = "localhost" if is_local else first.host
    client = called("greenchat")
    server = "" if (host, first.port) == ("localhost", DEFAULT_ADDRESS.port) else f" {host}:{first.port}"
    yield f"Join it with  {client}{server}  in another terminal,  nc {host} {first.port},  or any IRC client there."
    if fingerprint:
        yield f"TLS works on the same port:  {client} ircs://{host}:{first.port}  then confirm this fingerprint:"
        yield fingerprint
    page, elsewhere = page_urls(addresses, options)
    if page:
        yield f"In a browser: {page}"
    if elsewhere:
        yield f"From other machines: {'  '.join(elsewhere)}"
    if ip_address(first.host).is_unspecified:
        for own in own_addresses(ip_address(first.host).version == 6)[:2]:
            at = f"[{own}]" if ":" in own else own
            yield f"On other machines:  greenchat {at}:{first.port}  or  nc {own} {first.port}"
    yield f"Data is kept in {options.data}. Press Ctrl-C to stop the server."
