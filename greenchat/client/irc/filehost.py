"""Uploads to the server: the upload URL, and the credentials.

https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md
"""

from urllib.parse import urlsplit

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.model import ClientNetwork

TOKENS = ("soju.im/FILEHOST", "draft/FILEHOST")


def address(network: ClientNetwork) -> str:
    """Return the upload URL, "" if the server has none or it is not safe.

    "Clients MUST ignore tokens with an URI scheme they don't support. Clients MUST refuse to use unencrypted URI
    transports (such as plain `http`) if the IRC connection is encrypted".
    """
    for token in TOKENS:
        url = network.isupport.tokens.get(token, "")
        if url.startswith("https://") or (url.startswith("http://") and not network.address.tls):
            return url
    return ""


def needs_token(network: ClientNetwork, url: str) -> bool:
    """Whether to request a token: the user is logged in, and the password is unknown, or not for the upload server."""
    needed = network.login.credentials is None or not is_of_server(network, url)
    return needed and bool(network.login.account) and TOKENS[1] in network.isupport.tokens


def is_of_server(network: ClientNetwork, url: str) -> bool:
    """Whether a URL is on the connected server: others must not get the password."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return ServerAddress(host, 0).is_local if network.address.is_local else host == network.address.host.lower()


def authorization(network: ClientNetwork, url: str) -> str:
    """Return the authorization header, with the credentials of the IRC connection; "" for none.

    A password is sent only to the server itself, and only through TLS or on this machine.
    """
    credentials = network.login.credentials
    if credentials is None or not is_of_server(network, url):
        return ""
    if not (url.startswith("https://") or network.address.is_local):
        return ""
    from base64 import b64encode

    return f"Basic {b64encode(f'{credentials.account}:{credentials.password}'.encode()).decode()}"
