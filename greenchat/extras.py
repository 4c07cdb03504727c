"""What to tell where an optional package is not installed: the command that works, from a clone as from anywhere."""

import shlex
import sys

TLS = ("pyOpenSSL", "cryptography")
PROXY = ("python-socks",)
SPELLING = ("chunspell",)
UNICODE = ("precis-i18n", "confusable-homoglyphs")
PLOT = ("matplotlib",)
METRICS = ("prometheus-client",)
COMPLETION = ("shtab",)


def install(packages: tuple[str, ...]) -> str:
    """The command that installs these where this Python finds them."""
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])
