"""Stores trusted certificates of servers, and servers that require TLS (STS).

Trust on first use: the user is asked once about a certificate without a known authority, with its fingerprint;
afterwards it is expected at this HOST:PORT. For STS see https://ircv3.net/specs/extensions/sts.
"""

from pathlib import Path

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Connect, PinCertificate
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.state.paths import locked_folder, write_whole
from greenchat.client.state.questions import Answer, Question


class Trust:
    """Pins and STS policies in one JSON file. pins: HOST:PORT -> SHA-256 in hex. policies: host -> port and expiry.

    Reads: pin, secured. Changes: trust, require_tls; both raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._load()

    def _load(self) -> None:
        try:
            document = _read(self._path.read_bytes())
        except (OSError, ValueError):
            document = {}
        if not isinstance(document, dict):
            document = {}
        self._pins: dict[str, str] = {
            server: pin for server, pin in _mapping(document.get("pins")).items() if isinstance(pin, str)
        }
        self._policies: dict[str, list[int]] = {
            host: policy
            for host, policy in _mapping(document.get("sts")).items()
            if isinstance(policy, list) and len(policy) == 2 and all(isinstance(number, int) for number in policy)
        }

    def pin(self, address: ServerAddress) -> str:
        """Return the fingerprint that is expected at an address, "" for none."""
        return self._pins.get(str(address), "")

    def secured(self, address: ServerAddress, now: int) -> ServerAddress | None:
        """Return the TLS address to use instead, if the host has an STS policy. now: milliseconds since the epoch."""
        port, until = self._policies.get(address.host, (0, 0))
        return ServerAddress(address.host, port, tls=True) if now < until and not address.tls else None

    def is_secured(self, address: ServerAddress, now: int) -> bool:
        """Whether this host requires TLS."""
        return now < self._policies.get(address.host, (0, 0))[1]

    def trust(self, address: ServerAddress, fingerprint: str) -> None:
        """Expect this certificate at an address."""
        with locked_folder(self._path.parent):
            self._load()  # another client may have changed the file meanwhile
            self._pins[str(address)] = fingerprint
            self._save()

    def require_tls(self, address: ServerAddress, until: int) -> None:
        """Require TLS for this host until a time; a past one ends it."""
        with locked_folder(self._path.parent):
            self._load()
            self._policies[address.host] = [address.port, until]
            self._save()

    def _save(self) -> None:
        import json

        write_whole(self._path, json.dumps({"pins": self._pins, "sts": self._policies}, indent=1))


def ask(model: Model, network: ClientNetwork, fingerprint: str, reason: str, now: int) -> None:
    """Ask whether to trust the server's certificate; nothing connects until the user has answered."""
    network.link.leave()
    if network.login.only_tls:
        # "Clients MUST NOT allow users to override certificate failures": sts, Security considerations
        model.complain(network, f"{network.address} requires TLS, and its certificate is invalid: {reason}", now)
        return

    def trust(_now: int) -> None:
        network.login.pin = fingerprint
        network.link.allow_reconnect()
        model.effects.append(PinCertificate(network, fingerprint))
        model.effects.append(Connect(network))

    shown = grouped(fingerprint)
    leave = Answer("leave", "don't connect", lambda at: _explain_to_script(model, network, reason, at))
    if network.login.pin:
        details: tuple[str, ...] = (
            f"THE CERTIFICATE OF {network.address} HAS CHANGED. It was renewed, or somebody intercepts you.",
            f"It was\n{grouped(network.login.pin)}",
            f"It is\n{shown}",
        )
        answers = (Answer("trust", "the new certificate; type the whole word", trust, is_exact=True), leave)
        question = Question(
            "Ask the server's operator through another channel whether it was renewed.", answers, details
        )
    else:
        details = (
            f"The certificate of {network.address} can't be verified ({reason}). Its SHA-256 fingerprint:",
            shown,
        )
        answers = (Answer("trust", "this certificate from now on", trust), leave)
        question = Question("Does it match what the server's operator told you?", answers, details)
    model.ask(network, question, now)


def _explain_to_script(model: Model, network: ClientNetwork, reason: str, now: int) -> None:
    """Tell a script, which can't answer the question, what the user has to do."""
    if not model.is_interactive:
        text = f"{network.address} has a certificate that is not trusted here ({reason}). Connect once without --plain"
        line = Line(now, LineKind.ERROR, f"{text}, to compare its fingerprint and trust it")
        model.add(network.status, line)
        network.link.error_line = line


def grouped(fingerprint: str) -> str:
    """Return a fingerprint as greenchat-server and most tools print it: `AB:CD:...`, in two rows that fit a window."""
    pairs = [fingerprint[place : place + 2].upper() for place in range(0, len(fingerprint), 2)]
    middle = len(pairs) // 2
    return f"{':'.join(pairs[:middle])}:\n{':'.join(pairs[middle:])}"


def _read(document: bytes) -> object:
    import json  # late: most have nothing to read

    return json.loads(document)


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
