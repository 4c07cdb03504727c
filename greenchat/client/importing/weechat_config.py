"""WeeChat's configuration files: `irc.conf` for networks and ignores, `weechat.conf` for highlights, `alias.conf`."""

import re

from greenchat.client.importing.imported import Imported, address
from greenchat.client.state.saved_networks import SavedNetwork

WeeChatOptions = dict[str, list[tuple[str, str]]]  # section -> its names and values, "" for null

FILES = ("irc.conf", "weechat.conf", "alias.conf")
_SETTINGS = {"realname": "realname", "text.part": "msg_part", "text.quit": "msg_quit"}  # our settings -> WeeChat's
_LIMITED_MASK = re.compile(r"[\\^$+?()\[\]{}|]")


def parse(text: str) -> WeeChatOptions:
    """Return the options of a file by section."""
    sections: WeeChatOptions = {}
    section = sections.setdefault("", [])
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            section.append((name.strip().strip('"'), _value(value.strip())))
    return sections


def read(files: dict[str, str], folder: str) -> Imported:
    """Return the networks, highlights, aliases and ignores. files: texts by name. folder: WeeChat's own."""
    irc, weechat, alias = (parse(files.get(name, "")) for name in FILES)
    imported = Imported()
    default = dict(irc.get("server_default", []))
    texts = {ours: default.get(theirs, "") for ours, theirs in _SETTINGS.items()}
    imported.values = {ours: text for ours, text in texts.items() if text and not {"$", "%"} & {*text}}
    servers: dict[str, dict[str, str]] = {}
    for path, value in irc.get("server", []):
        name, _, option = path.rpartition(".")
        servers.setdefault(name, {})[option] = value
    for name, own in servers.items():
        merged = default | {option: value for option, value in own.items() if value}
        merged["realname"] = own.get("realname", "")
        _network(name, merged, dict(weechat.get("proxy", [])), folder, imported)
    look = dict(weechat.get("look", []))
    for word in filter(None, map(str.strip, look.get("highlight", "").split(","))):
        imported.call(re.sub(r"^\(\?-?i\)", "", word))
    if look.get("highlight_regex"):
        imported.call(look["highlight_regex"], pattern=True)
    imported.aliases = {name.lower(): text.removeprefix("/") for name, text in alias.get("cmd", []) if text}
    for _, entry in irc.get("ignore", []):
        _ignore(entry, imported)
    return imported


def _network(name: str, options: dict[str, str], proxies: dict[str, str], folder: str, imported: Imported) -> None:
    tls = options.get("tls", options.get("ssl", "on")) == "on"
    network = SavedNetwork(name)
    addresses = []
    for each in filter(None, map(str.strip, options.get("addresses", "").split(","))):
        host, _, port = each.partition("/")
        addresses.append(address(host, int(port) if port.isdecimal() else 0, tls=tls))
    imported.set(network, "addresses", " ".join(addresses))
    if not network.addresses:
        return
    imported.networks[name] = network
    imported.set(network, "nick", options.get("nicks", "").split(",")[0].strip())
    channels, _, keys = options.get("autojoin", "").partition(" ")
    keyed = dict(zip(channels.split(","), keys.replace(" ", "").split(","), strict=False))
    values = {
        "realname": options.get("realname", ""),
        "channels": " ".join(f"{each}:{keyed.get(each, '')}".removesuffix(":") for each in channels.split(",") if each),
        "commands": options.get("command", ""),
        "autoconnect": options.get("autoconnect", ""),
        "certificate": re.sub(r"^(\$\{weechat_(config|data)_dir\}|%h)", lambda _: folder, options.get("tls_cert", "")),
        "proxy": _proxy(options.get("proxy", ""), proxies),
    }
    for field, value in values.items():
        if "${" in value:
            imported.left_out.append(f"network {name}: {field} {value}: WeeChat computes it")
        else:
            imported.set(network, field, value)
    if options.get("proxy") and not network.proxy:
        imported.left_out.append(f"network {name}: proxy {options['proxy']}: only SOCKS 5 is used here")
    if options.get("sasl_password"):
        account = options.get("sasl_username", "")
        imported.left_out.append(f"network {name}: the password of {account}; /login asks for it")
    if options.get("password"):
        imported.left_out.append(f"network {name}: the password of its server")


def _proxy(name: str, proxies: dict[str, str]) -> str:
    kind, host = proxies.get(f"{name}.type", ""), proxies.get(f"{name}.address", "")
    return f"socks5://{host}:{proxies.get(f'{name}.port', '1080')}" if name and host and kind == "socks5" else ""


def _ignore(entry: str, imported: Imported) -> None:
    """Import `server;channel;mask`, whose mask is a regular expression that WeeChat made from one with `*`."""
    server, channel, mask = (*entry.split(";", 2), "", "", "")[:3]
    plain = re.sub(r"\\([^\w\s])", r"\1", mask.removeprefix("^").removesuffix("$").replace(".*", "*"))
    if not plain or server != "*" or " " in plain or _LIMITED_MASK.search(plain):
        imported.left_out.append(f"ignored {mask}: has conditions that greenchat does not support")
    else:
        imported.ignored.append(f"{plain} {'' if channel == '*' else channel}".strip())


def _value(text: str) -> str:
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return re.sub(r"\\([\\\"])", r"\1", text[1:-1])
    return "" if text == "null" else text
