"""Which servers' certificates the user trusts, and which servers want TLS only: remembered from one day to the next.

Trust on first use: a certificate that no authority vouches for is asked about once, with its fingerprint, and then
expected at this HOST:PORT. https://ircv3.net/specs/extensions/sts for the rest.
"""

import os
from pathlib import Path

from greenchat.client.state.address import Address
from greenchat.client.state.effects import Connect, Pin
from greenchat.client.state.model import Model, Network
from greenchat.client.state.questions import Answer, Question, nothing


class Trust:
    """Pins and STS policies in one JSON file. pins: HOST:PORT -> SHA-256 in hex. policies: host -> port and expiry.

    Reads: pin, secured. Changes: trust, require_tls; both raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            found = _read(path.read_bytes())
        except (OSError, ValueError):
            found = {}
        if not isinstance(found, dict):
            found = {}
        self._pins: dict[str, str] = {
            server: pin for server, pin in _mapping(found.get("pins")).items() if isinstance(pin, str)
        }
        self._policies: dict[str, list[int]] = {
            host: policy
            for host, policy in _mapping(found.get("sts")).items()
            if isinstance(policy, list) and len(policy) == 2 and all(isinstance(number, int) for number in policy)
        }

    def pin(self, address: Address) -> str:
        """Return the fingerprint that is expected there, "" for none."""
        return self._pins.get(str(address), "")

    def secured(self, address: Address, now: int) -> Address | None:
        """Return the TLS address to use instead, if the host has an STS policy. now: milliseconds since the epoch."""
        port, until = self._policies.get(address.host, (0, 0))
        return Address(address.host, port, tls=True) if now < until and not address.tls else None

    def is_secured(self, address: Address, now: int) -> bool:
        """Whether this host wants TLS only."""
        return now < self._policies.get(address.host, (0, 0))[1]

    def trust(self, address: Address, fingerprint: str) -> None:
        """Expect this certificate there."""
        self._pins[str(address)] = fingerprint
        self._save()

    def require_tls(self, address: Address, until: int) -> None:
        """Require TLS for this host until a time; a past one ends it."""
        self._policies[address.host] = [address.port, until]
        self._save()

    def _save(self) -> None:
        import json

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({"pins": self._pins, "sts": self._policies}, file, indent=1)
        new.replace(self._path)


def ask(model: Model, network: Network, fingerprint: str, reason: str, now: int) -> None:
    """Ask whether to trust the server's certificate; nothing connects until the user has answered."""
    network.link.leaving = True
    if network.login.only_tls:
        # "Clients MUST NOT allow users to override certificate failures": sts, Security considerations
        model.complain(network, f"{network.address} demands TLS, and its certificate is wrong: {reason}", now)
        return

    def trust(_now: int) -> None:
        network.login.pin = fingerprint
        network.link.leaving = False
        model.effects.append(Pin(network, fingerprint))
        model.effects.append(Connect(network))

    shown = grouped(fingerprint)
    leave = Answer("leave", "don't connect", nothing)
    if network.login.pin:
        details: tuple[str, ...] = (
            f"THE CERTIFICATE OF {network.address} HAS CHANGED. Somebody may be listening in, or it was renewed.",
            f"It was\n{grouped(network.login.pin)}",
            f"It is\n{shown}",
        )
        answers = (Answer("trust", "the new one; type the whole word", trust, whole=True), leave)
        question = Question("Ask the server's operator, some other way, whether it has a new one.", answers, details)
    else:
        details = (
            f"No authority vouches for the certificate of {network.address} ({reason}). Its SHA-256 fingerprint:",
            shown,
        )
        answers = (Answer("trust", "this certificate from now on", trust), leave)
        question = Question("Is it what the server's operator told you?", answers, details)
    model.ask(network, question, now)


def grouped(fingerprint: str) -> str:
    """Return it as greenchat-server and most tools print it: `AB:CD:...`, in two rows that fit a window."""
    pairs = [fingerprint[place : place + 2].upper() for place in range(0, len(fingerprint), 2)]
    middle = len(pairs) // 2
    return f"{':'.join(pairs[:middle])}:\n{':'.join(pairs[middle:])}"


def _read(document: bytes) -> object:
    import json  # late: most have nothing to read

    return json.loads(document)


def _mapping(found: object) -> dict[str, object]:
    return found if isinstance(found, dict) else {}
