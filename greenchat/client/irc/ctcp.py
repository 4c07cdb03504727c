"""Automatic answers to CTCP requests, by one of the user's devices.

Every device gets the request. The one that the user used last answers at once; others wait a moment, and do not answer
if they see an echo of the answer. If there are no signs of other devices, there is no wait.

https://modern.ircdocs.horse/ctcp
"""

from greenchat import __version__
from greenchat.client.irc import bouncer
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.state.session_state import CtcpAnswer, LastDevice
from greenchat.protocol import caps

QUEUED = 3  # more simultaneous requests are a flood
ELSEWHERE_SECONDS = 1.5  # time for the device that was used last to answer
(_STAYING,) = caps.names(caps.PERSISTENCE)
SPREAD_SECONDS = 0.5  # between devices if none was used yet


def answer(model: Model, network: ClientNetwork, nick: str, command: str, argument: str) -> None:
    """Answer a request, at once, or if no other device of the user does."""
    text = _answers(model, argument).get(command) if model.settings.get("ctcp.answers") else None
    devices = network.devices
    if text is None or len(network.outgoing) + len(devices.answers) >= QUEUED:
        return
    answer = CtcpAnswer(nick, command, f"\x01{command} {text}\x01", _delay(network))
    if answer.delay:
        devices.answers.append(answer)
    else:
        _send(network, answer)


def echoed(network: ClientNetwork, nick: str, command: str) -> None:
    """Note the echo of an automatic answer: if it is not from here, another device has answered."""
    devices = network.devices
    sent = next((each for each in devices.sent if each == (network.fold(nick), command)), None)
    if sent:
        devices.sent.remove(sent)
        return
    devices.others = True
    devices.answers = [
        each for each in devices.answers if (network.fold(each.nick), each.command) != (network.fold(nick), command)
    ]


def tick(network: ClientNetwork, monotonic: float) -> None:
    """Send the answers that are due. monotonic: seconds."""
    for answer in list(network.devices.answers):
        if answer.due is None:
            answer.due = monotonic + answer.delay
        if monotonic >= answer.due:
            network.devices.answers.remove(answer)
            _send(network, answer)


def deadline(network: ClientNetwork, monotonic: float) -> float | None:
    """Return when to call `tick`, in seconds, None for never."""
    return min((each.due or monotonic for each in network.devices.answers), default=None)


def _send(network: ClientNetwork, answer: CtcpAnswer) -> None:
    network.send("NOTICE", answer.nick, answer.text)
    if network.caps.held & caps.ECHO_MESSAGE != 0:
        network.devices.sent.append((network.fold(answer.nick), answer.command))


def _delay(network: ClientNetwork) -> float:
    devices = network.devices
    if (
        not (devices.others or _may_have_others(network))
        or devices.last is LastDevice.HERE
        or network.caps.held & caps.ECHO_MESSAGE == 0
    ):
        return 0.0
    spread = SPREAD_SECONDS * (0.1 + sum(network.identity.encode()) % 97 / 97)
    return spread + ELSEWHERE_SECONDS * (devices.last is LastDevice.ELSEWHERE)


def _may_have_others(network: ClientNetwork) -> bool:
    """Whether the server may allow several devices of one user: with always-on accounts, or as a bouncer."""
    stays = bool(network.login.account) and _STAYING in network.caps.offered
    return stays or bouncer.holds_session(network)


def _answers(model: Model, argument: str) -> dict[str, str]:
    """Return the answer to each CTCP question."""
    return {
        "VERSION": str(model.settings.get("ctcp.version")) or f"greenchat {__version__}",
        "PING": argument,
        "CLIENTINFO": "ACTION CLIENTINFO PING VERSION",
    }
