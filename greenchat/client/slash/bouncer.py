"""/bouncer: the networks of a bouncer that lists them (soju)."""

from greenchat.client.irc import bouncer
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.destination import AddressError, parse_destination
from greenchat.client.state.model import ClientNetwork
from greenchat.protocol.message import format_tags


@command("bouncer", usage="[add, set or remove ...]", example="/bouncer add oftc irc.oftc.net")
def bouncer_(order: Order) -> None:
    """Show a bouncer's networks; /bouncer add NAME HOST adds one.

    /bouncer set NAME nickname ada changes one; also name, host, port, tls, username, realname and pass.
    /bouncer remove NAME removes one. Each network of the bouncer is a network here.
    """
    control = bouncer.control(order.network, order.model.networks)
    if control is None:
        raise SlashError("This server is not a bouncer, or does not list its networks.")
    what, name, rest = (*order.arguments.split(None, 2), "", "", "")[:3]
    if not what:
        for each in control.bouncer.networks.values():
            title = each.get("name") or each.get("host", "?")
            order.tell(f"{title}: {each.get('host', '')} {each.get('state', '')}".rstrip())
        if not control.bouncer.networks:
            order.tell("The bouncer has no network yet. /bouncer add NAME HOST adds one.")
    elif what == "add" and rest:
        control.send("BOUNCER", "ADDNETWORK", _attributes({"name": name} | _place(rest)))
    elif what == "set" and rest:
        attribute, _, value = rest.partition(" ")
        if attribute not in bouncer.ATTRIBUTES:
            raise SlashError(f"The fields of a bouncer's network are {', '.join(bouncer.ATTRIBUTES)}.")
        control.send("BOUNCER", "CHANGENETWORK", _netid(control, name), _attributes({attribute: value}))
    elif what == "remove" and name:
        control.send("BOUNCER", "DELNETWORK", _netid(control, name))
    else:
        raise SlashError("Usage: /bouncer add NAME HOST; see /help bouncer.")


def _netid(control: ClientNetwork, name: str) -> str:
    for netid, attributes in control.bouncer.networks.items():
        if name.lower() in (attributes.get("name", "").lower(), attributes.get("host", "").lower(), netid):
            return netid
    raise SlashError(f"The bouncer has no network {name}. /bouncer lists them.")


def _place(text: str) -> dict[str, str]:
    try:
        address = parse_destination(text).address
    except AddressError as error:
        raise SlashError(str(error)) from error
    plain = text.startswith("irc://")
    named = text.rpartition("]")[2].count(":") == 1 if "://" not in text else True
    attributes = {"host": address.host, "tls": "0" if plain else "1"}
    return attributes | ({"port": str(address.port)} if named else {})


def _attributes(values: dict[str, str]) -> str:
    return format_tags(values)
