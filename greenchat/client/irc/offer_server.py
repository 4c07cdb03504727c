"""Offers to start a server if none answers on this machine. The question is asked once, while the client continues to
reconnect.
"""

from greenchat.cli import called
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import StartServer
from greenchat.client.state.model import ClientNetwork, LinkState, Model
from greenchat.client.state.questions import Answer, Question, nothing


def ask(model: Model, network: ClientNetwork, now: int) -> None:
    """Ask whether to start a server at this network's address; the question ends once something answers there."""
    network.link.offers_server = False

    def start(_now: int) -> None:
        model.effects.append(StartServer(network))

    answers = (
        Answer("yes", "it ends when you leave", start),
        Answer("no", "keep trying, and read the history meanwhile", nothing),
    )
    text = f"Start a server on {network.address}? yes or no"
    model.ask(network, Question(text, answers, is_relevant=lambda: network.link.state is not LinkState.ONLINE), now)


def started(address: ServerAddress) -> str:
    """Return the message to the user about a server that was started."""
    stays = called("greenchat-server")
    return f"Your server listens on {address}. It ends when you leave; {stays} runs one that keeps running."
