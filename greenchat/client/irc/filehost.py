"""Files that the server keeps for its users: where they go, and as whom.

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
    """Whether a token is to be asked for: the user is logged in, and their password is not known here, or is not for
    the machine that takes the files."""
    needed = network.login.credentials is None or not is_of_server(network, url)
    return needed and bool(network.login.account) and TOKENS[1] in network.isupport.tokens


def is_of_server(network: ClientNetwork, url: str) -> bool:
    """Whether an address is on the machine that the user is connected to: whoever else it is learns no password."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return ServerAddress(host, 0).is_local if network.address.is_local else host == network.address.host.lower()


def authorization(network: ClientNetwork, url: str) -> str:
    """Return the header that says who uploads, as on the IRC connection; "" for nobody.

    A password goes only to the server itself, and only where nobody can listen.
    """
    credentials = network.login.credentials
    if credentials is None or not is_of_server(network, url):
        return ""
    if not (url.startswith("https://") or network.address.is_local):
        return ""
    from base64 import b64encode

    return f"Basic {b64encode(f'{credentials.account}:{credentials.password}'.encode()).decode()}"
