"""Operators: who may become one, and what the classes that they are in let them do.

https://modern.ircdocs.horse/#operators. Being an operator (user mode +o) alone gives no right: the class does.
"""

from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key
from greenchat.values.passwords import check_hash

RIGHTS = {
    "kill": "KILL: end somebody's connection",
    "rehash": "REHASH: read the configuration file again",
    "restart": "RESTART: end the server and start it again",
    "die": "DIE: end the server",
    "wallops": "WALLOPS: write to everybody who listens with +w",
    "stats": "STATS in full: connections, bans, who may become an operator",
    "addresses": "see where people really come from, in WHOIS, WHO, WHOWAS, USERIP, STATS and UBAN INFO",
    "cloak": "CLOAK: change the secret behind the hosts that others see",
    "remove": "REMOVE: take somebody out of any channel",
    "samode": "SAMODE: change any channel's modes",
    "sajoin": "SAJOIN: put somebody into a channel",
    "sapart": "SAPART: take somebody out of a channel, as if they had left it",
    "accounts": "NickServ SAREGISTER, and INFO in full: accounts of others",
    "sanick": "SANICK: change somebody's nickname",
    "audit": "AUDIT: read what operators did",
    "defcon": "DEFCON: close the server's doors step by step",
    "history": "HistServ DELETE and FORGET: what others have said",
    "relaymsg": "RELAYMSG: say something under the name of somebody on another network",
    "metadata": "METADATA SET and CLEAR: what others say of themselves and of their channels",
    "spam": "FILTER: look at what the spam filter held back, and release it",
    "vhost": "CHGHOST: change the host that others see of somebody",
    "ban": "UBAN, KLINE, DLINE: keep people, networks or accounts out",
}


def _hash(text: str) -> str:
    return check_hash(text) if text else ""


def _fingerprint(text: str) -> str:
    """In lower case, without colons."""
    bare = text.replace(":", "").lower()
    if bare and (len(bare) != 64 or set(bare) - set("0123456789abcdef")):
        raise ValueError("must be the SHA-256 fingerprint of a certificate, 64 hexadecimal digits")
    return bare


@dataclass(frozen=True, slots=True)
class OperClass:
    """A class of operators: the privileges that they have."""

    rights: Annotated[tuple[str, ...], Key("what they may do", choices=tuple(RIGHTS))] = ()


@dataclass(frozen=True, slots=True)
class Oper:
    """An entry for a user who may become an operator."""

    class_: Annotated[str, Key("the class that gives the rights")]
    password: Annotated[
        str,
        Key("hashed: see greenchat-server hash-password; empty: certificate or account is enough", parse=_hash),
    ] = ""
    hosts: Annotated[tuple[str, ...], Key("from where, as masks user@host", parse=validators.host_mask)] = ("*@*",)
    title: Annotated[str, Key("what WHOIS says of them", parse=validators.line)] = "is an IRC operator"
    certificate: Annotated[
        str, Key("the SHA-256 fingerprint of the client certificate that they must come with", parse=_fingerprint)
    ] = ""
    account: Annotated[str, Key("the account that they must be logged in to", parse=validators.word)] = ""


CLASSES = Key(
    "Classes of operators: a table for each, which says what they may do. All rights there are:\n"
    + "\n".join(f"  {name:9} {meaning}" for name, meaning in RIGHTS.items()),
    sample=("helper", OperClass(("kill", "wallops", "stats"))),
)
OPERS = Key(
    "Operators: a table for each, under the name that they give to OPER.",
    sample=(
        "alice",
        Oper(
            "helper",
            "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI",
            ("*@127.0.0.1", "*@*.example.org"),
            "is a helper of this network",
        ),
    ),
)
