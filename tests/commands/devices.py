"""Several connections of one account."""

from greenchat.protocol.sasl import chunks, format_plain
from tests.irc import Client, Target

_PASSWORD = "sesame open"


def make_account(address: Target, nick: str) -> None:
    """Register an account of this name."""
    with Client(address, nick) as client:
        client.send(f"REGISTER * * :{_PASSWORD}")
        assert client.expect("REGISTER", "FAIL").params[0] == "SUCCESS"
        client.send("QUIT")
        client.until_end()


def device(address: Target, nick: str, *lines: str, caps: str = "sasl") -> Client:
    """Connect one more device of the account; it sends these lines before the end of registration."""
    client = Client(address)
    client.send("CAP LS 302", f"CAP REQ :{caps}", f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}")
    log_in(client, nick)
    assert client.expect("903", "904").command == "903"
    client.send(*lines, "CAP END")
    return client


def log_in(client: Client, account: str) -> None:
    """Start logging in with the account's password; the answer is left to the caller."""
    client.send("CAP REQ :sasl", "AUTHENTICATE PLAIN")
    client.expect("AUTHENTICATE")
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(format_plain(account, _PASSWORD))])
