"""Strict Transport Security: enabled by default if clients can verify the server's certificate.

https://ircv3.net/specs/extensions/sts: a client that has seen the policy refuses to connect without a valid certificate
until it expires. So it is only offered if the certificate is issued by an authority, valid now, and made for the
configured name of the server.
"""

from dataclasses import replace

from greenchat.config.options import ListenerOptions
from greenchat.config.settings import Settings
from greenchat.server.net.stream import TlsAcceptor

BY_ITSELF = -1


def with_policy(
    settings: Settings, listeners: tuple[ListenerOptions, ...], tls: TlsAcceptor | None, now: int
) -> Settings:
    """Return the settings with the port that clients must switch to, 0 for none. now: ms since the epoch."""
    if settings.sts.port != BY_ITSELF:
        return settings
    port = 0
    if tls is not None and tls.is_trusted_for(settings.name, now):
        ports = (each.address.port for each in listeners if each.tls != "never" and not each.proxy)
        port = next(ports, 0)
    return replace(settings, sts=replace(settings.sts, port=port))
