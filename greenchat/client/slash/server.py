"""Commands of the server: sent as typed, with the answers shown as sentences."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.questions import Prompt

PASSED_ON = (
    ("admin", "", "Show who runs the server.", "/admin"),
    ("die", "", "Shut down the server (server operators only).", "/die"),
    ("info", "", "Show information about the server.", "/info"),
    ("ison", "nick ...", "Show which of these nicks are online.", "/ison bob carol"),
    ("kill", "nick why", "Disconnect a user (server operators only).", "/kill bob Spam"),
    ("knock", "#channel [why]", "Ask for an invitation to a channel.", "/knock #tea"),
    ("links", "", "List the servers of this network.", "/links"),
    ("lusers", "", "Show the numbers of users and channels.", "/lusers"),
    ("map", "", "Show how the servers are linked.", "/map"),
    ("rehash", "", "Reload the server's configuration (server operators only).", "/rehash"),
    ("restart", "", "Restart the server (server operators only).", "/restart"),
    ("servlist", "", "List the services of this network.", "/servlist"),
    ("silence", "[+mask or -mask]", "Block a user's messages on the server.", "/silence +*!*@spam.example"),
    ("squery", "service text", "Send a message to a service.", "/squery Alis HELP"),
    ("squit", "server why", "Unlink a server (server operators only).", "/squit hub.example Gone"),
    ("stats", "[letter]", "Show the server's statistics.", "/stats u"),
    ("time", "", "Show the server's local time.", "/time"),
    ("trace", "[nick or server]", "Show the route to a user or server.", "/trace bob"),
    ("userhost", "nick ...", "Show the hosts of these nicks.", "/userhost bob"),
    ("version", "", "Show the server's version.", "/version"),
    ("wallops", "text", "Send a message to all server operators.", "/wallops It restarts at five"),
)
ALSO = {"time": ("date",), "userhost": ("host",)}
LAST_IS_TEXT = {"kill": 1, "knock": 1, "wallops": 0, "squery": 1, "squit": 1}  # the number of words before the text


def _declare(name: str, usage: str, summary: str, example: str) -> None:
    def pass_on(order: Order) -> None:
        words = order.words
        if name in LAST_IS_TEXT:
            words = order.arguments.split(None, LAST_IS_TEXT[name])
        order.online().send(name.upper(), *words)
        if name == "ison":
            order.network.presence.ison_requests.append(())

    pass_on.__doc__ = summary
    least = sum(not word.startswith("[") and word != "..." for word in usage.split())
    command(name, *ALSO.get(name, ()), usage=usage, least=least, example=example)(pass_on)


for _row in PASSED_ON:
    _declare(*_row)


@command("oper", usage="name", least=1, example="/oper ada")
def oper(order: Order) -> None:
    """Become a server operator; asks for the password."""
    network, name = order.online(), order.words[0]
    if len(order.words) > 1:
        raise SlashError("Leave the password out: greenchat asks for it and hides it. /oper name")
    prompt = Prompt(
        f"The password of {name}", lambda password, _: network.send("OPER", name, password), hidden=True, scope=network
    )
    order.model.questions.append(prompt)
