"""Operators for tests, and the commands by which a client becomes one."""

from greenchat.config.opers import RIGHTS, Oper, OperClass, Staff
from greenchat.config.reserved import Reserved
from greenchat.config.settings import Settings
from tests.irc import Client

# "secret", hashed at the lowest cost, since tests need no security
HASH = "$scrypt$ln=4,r=8,p=1$c2FsdCBvZiB0aGUgZWFydA$bVYV3rizrd5fad2LnosIPdjLF24RcScjHG9lIpNfft4"

WITH_OPERS = Settings(
    reserved=Reserved(nicks=()),
    staff=Staff(
        classes={"admin": OperClass(tuple(RIGHTS)), "helper": OperClass(("kill",))},
        opers={
            "root": Oper("admin", HASH, title="is the administrator"),
            "helper": Oper("helper", HASH),
            "elsewhere": Oper("admin", HASH, hosts=("*@192.0.2.*", "*@*.example.org")),
            "local": Oper("admin", HASH, hosts=("*@192.0.2.1", "*@127.0.0.?")),
        },
    ),
)


def become_oper(client: Client, name: str = "root") -> Client:
    """Make a client an operator."""
    client.send(f"OPER {name} secret")
    client.expect("381")
    client.sync()
    return client
