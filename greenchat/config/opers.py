"""Operators: the users who may become one, and the rights of their classes.

https://modern.ircdocs.horse/#operators. Being an operator (user mode +o) alone gives no right: the class does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key
from greenchat.values.passwords import check_hash

RIGHTS = {
    "kill": "KILL: disconnect a user",
    "rehash": "REHASH: reload the configuration file",
    "restart": "RESTART: restart the server",
    "die": "DIE: shut down the server; DRAIN: move the users of a node to others",
    "wallops": "WALLOPS: send a message to all users with +w",
    "announce": "PRIVMSG and NOTICE to $server.name: message everybody",
    "stats": "STATS in full: connections, bans, operator entries",
    "addresses": "see real addresses in WHOIS, WHO, WHOWAS, USERIP, STATS and UBAN INFO",
    "cloak": "CLOAK: change the secret behind the cloaks",
    "remove": "REMOVE: remove a user from any channel",
    "samode": "SAMODE: change any channel's modes",
    "sajoin": "SAJOIN: make a user join a channel",
    "sapart": "SAPART: make a user leave a channel",
    "accounts": "NickServ SAREGISTER, SETPASS and ERASE, INFO in full: accounts of others",
    "sanick": "SANICK: change a user's nickname",
    "audit": "AUDIT: read the audit log",
    "defcon": "DEFCON: restrict access to the server, level by level",
    "history": "HistServ DELETE and FORGET: delete messages of others",
    "relaymsg": "RELAYMSG: send messages under names of other networks",
    "metadata": "METADATA SET and CLEAR: change the metadata of other users and channels",
    "spam": "FILTER: list and release messages that the spam filter held back",
    "vhost": "CHGHOST: change a user's visible host",
    "nodes": "NODES: list the nodes of the server",
    "ban": "UBAN, KLINE, DLINE: ban users, networks or accounts from the server",
}


def _hash(text: str) -> str:
    return check_hash(text) if text else ""


def _fingerprint(text: str) -> str:
    """Return a fingerprint in lower case, without colons."""
    bare = text.replace(":", "").lower()
    if bare and (len(bare) != 64 or set(bare) - set("0123456789abcdef")):
        raise ValueError("must be the SHA-256 fingerprint of a certificate, 64 hexadecimal digits")
    return bare


@dataclass(frozen=True, slots=True)
class OperClass:
    """A class of operators, with its rights."""

    rights: Annotated[tuple[str, ...], Key("the rights of the class", choices=tuple(RIGHTS))] = ()


@dataclass(frozen=True, slots=True)
class Oper:
    """An entry for a user who may become an operator."""

    class_: Annotated[str, Key("the operator's class")]
    password: Annotated[
        str,
        Key(
            "the hash of the password, from greenchat-server hash-password; empty: certificate or account is enough",
            parse=_hash,
        ),
    ] = ""
    hosts: Annotated[tuple[str, ...], Key("masks user@host; one must match", parse=validators.host_mask)] = ("*@*",)
    title: Annotated[str, Key("the text shown by WHOIS", parse=validators.line)] = "is an IRC operator"
    certificate: Annotated[
        str, Key("the SHA-256 fingerprint of the client certificate that the operator must use", parse=_fingerprint)
    ] = ""
    account: Annotated[str, Key("the account that the operator must be logged in to", parse=validators.word)] = ""


CLASSES = Key(
    "Classes of operators, a table for each with its rights. All rights:\n"
    + "\n".join(f"  {name:9} {meaning}" for name, meaning in RIGHTS.items()),
    sample=("helper", OperClass(("kill", "wallops", "stats"))),
)
OPERS = Key(
    "Operators, a table for each, with the name for OPER.",
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


@dataclass(frozen=True, slots=True)
class Staff:
    """The operators and their classes."""

    classes: Annotated[Mapping[str, OperClass], CLASSES] = field(default_factory=dict)
    opers: Annotated[Mapping[str, Oper], OPERS] = field(default_factory=dict)
