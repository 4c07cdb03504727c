"""Commands that the server alone understands: they go to it as they are typed, and its answer is shown in words."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.questions import Prompt

PASSED_ON = (
    ("admin", "", "Show who runs the server.", "/admin"),
    ("die", "", "End the server (its operators only).", "/die"),
    ("info", "", "Show what the server says about itself.", "/info"),
    ("ison", "nick ...", "Ask whether these people are online.", "/ison bob carol"),
    ("kill", "nick why", "Disconnect somebody (operators of the server only).", "/kill bob Spam"),
    ("knock", "#channel [why]", "Ask to be invited to a channel.", "/knock #tea"),
    ("links", "", "Show the servers of this network.", "/links"),
    ("lusers", "", "Show how many people and channels there are.", "/lusers"),
    ("map", "", "Show how the servers of this network are connected.", "/map"),
    ("rehash", "", "Have the server read its configuration again (its operators only).", "/rehash"),
    ("restart", "", "Start the server anew (its operators only).", "/restart"),
    ("servlist", "", "Show the services of this network.", "/servlist"),
    ("silence", "[+mask or -mask]", "Have the server keep somebody's messages from you.", "/silence +*!*@spam.example"),
    ("squery", "service text", "Write to a service.", "/squery Alis HELP"),
    ("squit", "server why", "Take a server off the network (operators of the server only).", "/squit hub.example Gone"),
    ("stats", "[letter]", "Show figures of the server.", "/stats u"),
    ("time", "", "Show what time it is where the server is.", "/time"),
    ("trace", "[nick or server]", "Show the way to somebody.", "/trace bob"),
    ("userhost", "nick ...", "Show where these people come from.", "/userhost bob"),
    ("version", "", "Show what program the server is.", "/version"),
    ("wallops", "text", "Write to all operators of the server.", "/wallops It restarts at five"),
)
ALSO = {"time": ("date",), "userhost": ("host",)}
LAST_IS_TEXT = {"kill": 1, "knock": 1, "wallops": 0, "squery": 1, "squit": 1}  # how many words stand before the text


def _declare(name: str, usage: str, summary: str, example: str) -> None:
    def pass_on(order: Order) -> None:
        words = order.words
        if name in LAST_IS_TEXT:
            words = order.arguments.split(None, LAST_IS_TEXT[name])
        order.online().send(name.upper(), *words)
        if name == "ison":
            order.network.presence.isons.append(())

    pass_on.__doc__ = summary
    least = sum(not word.startswith("[") and word != "..." for word in usage.split())
    command(name, *ALSO.get(name, ()), usage=usage, least=least, example=example)(pass_on)


for _row in PASSED_ON:
    _declare(*_row)


@command("oper", usage="name", least=1, example="/oper ada")
def oper(order: Order) -> None:
    """Become an operator of the server; the password is asked for."""
    network, name = order.online(), order.words[0]
    if len(order.words) > 1:
        raise SlashError("The password is asked for, so that nobody reads it on your screen: /oper name")
    prompt = Prompt(
        f"The password of {name}", lambda password, _: network.send("OPER", name, password), hidden=True, where=network
    )
    order.model.questions.append(prompt)
