"""Commands about files: uploads to the server by /upload, offered files by /dcc."""

from greenchat.client.irc import filehost
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import Fetch, SendFile
from greenchat.client.state.paths import typed_path
from greenchat.client.state.transfers import Offer, Upload, in_words


@command("upload", usage="file", least=1, example="/upload ~/cake.jpg")
def upload(order: Order) -> None:
    """Upload a file to the server and put its link into the input line.

    Anyone who has the link can read the file.
    """
    network = order.online()
    url = filehost.address(network)
    if not url:
        offers = any(token in network.isupport.tokens for token in filehost.TOKENS)
        raise SlashError(
            "The server accepts uploads only without encryption, but this connection is encrypted."
            if offers
            else "This server does not accept uploads. On a greenchat server, its operator enables them with"
            " files.enabled and files.url."
        )
    is_known = network.login.credentials is not None or bool(network.login.account)
    if is_known and not filehost.is_of_server(network, url) and not filehost.needs_token(network, url):
        raise SlashError(f"Uploads go to {url}, which is another machine; your password is not sent there.")
    path = typed_path(order.arguments)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SlashError(f"{path}: {error.strerror}") from error
    if not path.is_file() or not size:
        raise SlashError(f"{path} is {'empty' if path.is_file() else 'no file'}.")
    order.model.effects.append(SendFile(Upload(network, order.buffer, path, url)))


@command("dcc", usage="[get or close] [nick] [file]", example="/dcc get bob")
def dcc(order: Order) -> None:
    """List the files that others offer you; /dcc get bob receives the last one of bob.

    Nothing is received without asking. greenchat connects to the sender's machine, which sees your address (or
    your proxy's). The file goes to the folder of /set files.folder and never replaces another one.
    """
    what, nick, name = (*order.arguments.split(None, 2), "", "", "")[:3]
    offers = order.model.offers
    if not what or what == "list":
        for offer in offers:
            order.tell(f"{offer.nick} offers {_described(offer)}: /dcc get {offer.nick} {offer.name}")
        if not offers:
            order.tell("Nobody is offering you a file.")
    elif what in ("get", "close"):
        offer = _offer(order, nick, name)
        offers.remove(offer)
        if what == "get":
            order.model.effects.append(Fetch(offer))
        else:
            order.tell(f"{offer.name} of {offer.nick} is no longer on offer.")
    else:
        raise SlashError("DCC can only receive files here: /dcc get nick. To share a file, use /upload.")


def _offer(order: Order, nick: str, name: str) -> Offer:
    for offer in reversed(order.model.offers):
        if nick.lower() in ("", offer.nick.lower()) and name in ("", offer.name):
            return offer
    raise SlashError(f"{nick or 'Nobody'} offers {f'no file {name}' if name else 'you no file'}. /dcc lists them.")


def _described(offer: Offer) -> str:
    return f"{offer.name} ({in_words(offer.size)})" if offer.size else offer.name
