"""Clients that register accounts and log in."""

import secrets
from dataclasses import replace
from pathlib import Path

from greenchat.config.options import Options
from greenchat.config.settings import AccountSettings
from greenchat.protocol.message import Message
from greenchat.protocol.sasl import Collector, chunks
from greenchat.protocol.scram import HASHES, ClientExchange
from tests.conftest import Target, quick_options
from tests.irc import Client

QUICK = AccountSettings(iterations=4096)


def persistent(tmp_path: Path) -> Options:
    """Return options for a store that survives the server."""
    options = quick_options(tmp_path)
    return replace(options, storage=replace(options.storage, persistent=True))


def register(address: Target, nick: str, password: str = "sesame open") -> None:
    """Register an account, then disconnect."""
    with Client(address, nick) as client:
        client.send(f"REGISTER * * :{password}")
        assert client.expect("REGISTER", "FAIL").params[:2] == ("SUCCESS", nick)
        client.send("QUIT")
        client.until_end()


def authenticate(client: Client, mechanism: str, response: bytes) -> Message:
    """Send the response of one SASL step and return the server's answer."""
    client.send("CAP REQ :sasl", f"AUTHENTICATE {mechanism}")
    assert client.expect("AUTHENTICATE", "904").params == ("+",)
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(response)])
    return client.expect("903", "904", "905", "906")


def scram(client: Client, name: str, password: str, mechanism: str = "SCRAM-SHA-256") -> Message:
    """Run the SCRAM exchange; raise ScramError if the server can't prove that it knows the password, too."""
    answer = scram_proof(client, name, password, mechanism)
    if answer.command == "904":
        return answer
    client.send("AUTHENTICATE +")
    return client.expect("903", "904")


def scram_proof(client: Client, name: str, password: str, mechanism: str = "SCRAM-SHA-256") -> Message:
    """Run the SCRAM exchange up to the server's signature, which the client has only to acknowledge."""
    exchange = ClientExchange(name, password, secrets.token_hex(8), HASHES[mechanism])
    client.send("CAP REQ :sasl", f"AUTHENTICATE {mechanism}")
    client.expect("AUTHENTICATE")
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(exchange.first().encode())])
    first = _response(client)
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(exchange.final(first).encode())])
    answer = client.expect("AUTHENTICATE", "904")
    if answer.command == "904":
        return answer
    final = Collector().feed(answer.params[0])
    assert final is not None
    exchange.check(final.decode())
    return answer


def _response(client: Client) -> str:
    collector = Collector()
    while (response := collector.feed(client.expect("AUTHENTICATE").params[0])) is None:
        pass
    return response.decode()
