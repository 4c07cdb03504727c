"""irssi's configuration file, `~/.irssi/config`: blocks in braces, lists in brackets, texts in quotes."""

import re

from greenchat.client.importing.imported import ForeignError, Imported, address
from greenchat.client.state.saved_networks import SavedNetwork

IrssiNode = str | list["IrssiNode"] | dict[str, "IrssiNode"]

_TOKEN = re.compile(r'\s+|#[^\n]*|("(?:\\.|[^"\\])*")|([{}()=;,])|([^\s{}()=;,"#]+)', re.S)
_MOST_DEPTH = 20
_SETTINGS = {  # our settings -> irssi's with the same values
    "realname": "real_name",
    "log.files": "autolog",
    "text.part": "part_message",
    "text.quit": "quit_message",
    "time.format": "timestamp_format",
}
_KINDS = {
    "MSGS": "messages",
    "PUBLIC": "messages",
    "NOTICES": "notices",
    "ACTIONS": "actions",
    "INVITES": "invites",
    "JOINS": "joins",
    "PARTS": "joins",
    "QUITS": "joins",
}


def parse(text: str) -> dict[str, IrssiNode]:
    """Return the file's outermost block. Raises ForeignError."""
    return _Parser(text).block(0)


def read(text: str) -> Imported:
    """Return the networks, settings, highlights, aliases and ignores of the file. Raises ForeignError."""
    config = parse(text)
    imported = Imported()
    settings = {name: value for part in _block(config.get("settings")).values() for name, value in _block(part).items()}
    imported.values = {ours: chosen for ours, theirs in _SETTINGS.items() if (chosen := _text(settings, theirs))}
    others = sorted(settings.keys() - {*_SETTINGS.values(), "nick", "user_name"})
    imported.left_out += [f"settings {', '.join(others)}; /set all shows what there is here"] if others else []
    _networks(config, imported, _text(settings, "nick"))
    for each in _blocks(config.get("hilights")):
        _highlight(each, imported)
    for name, value in _block(config.get("aliases")).items():
        if isinstance(value, str):
            imported.aliases[name.lower()] = _alias(value)
    for each in _blocks(config.get("ignores")):
        _ignore(each, imported)
    return imported


def _networks(config: dict[str, IrssiNode], imported: Imported, nick: str) -> None:
    chatnets = {name.lower(): (name, _block(block)) for name, block in _block(config.get("chatnets")).items()}
    addresses: dict[str, list[str]] = {}
    for each in _blocks(config.get("servers")):
        host = _text(each, "address")
        name, chatnet = chatnets.get(_text(each, "chatnet").lower(), (_text(each, "chatnet") or host, {}))
        if not host or _text(chatnet, "type").upper() not in ("", "IRC"):
            continue
        network = imported.networks.setdefault(name, SavedNetwork(name))
        port = _text(each, "port")
        tls = _on(each, "use_tls") or _on(each, "use_ssl")
        addresses.setdefault(name, []).append(address(host, int(port) if port.isdecimal() else 0, tls=tls))
        network.autoconnect = network.autoconnect or _on(each, "autoconnect")
        imported.set(network, "certificate", _text(each, "tls_cert") or _text(each, "ssl_cert"))
        if _text(each, "password"):
            imported.left_out.append(f"network {name}: the password of its server")
    for name, network in list(imported.networks.items()):
        block = chatnets.get(name.lower(), (name, {}))[1]
        imported.set(network, "addresses", " ".join(addresses[name]))
        if not network.addresses:
            del imported.networks[name]
            continue
        imported.set(network, "nick", _text(block, "nick") or nick)
        imported.set(network, "realname", _text(block, "realname"))
        imported.set(network, "commands", _text(block, "autosendcmd").replace("/^", "/"))
        if _text(block, "sasl_password"):
            imported.left_out.append(
                f"network {name}: the password of {_text(block, 'sasl_username')}; /login asks for it"
            )
    by_name = {name.lower(): network for name, network in imported.networks.items()}
    for each in _blocks(config.get("channels")):
        joined = by_name.get(_text(each, "chatnet").lower())
        if joined and _on(each, "autojoin") and (name := _text(each, "name")):
            joined.channels.append(f"{name}:{_text(each, 'password')}".removesuffix(":"))


def _highlight(block: dict[str, IrssiNode], imported: Imported) -> None:
    text = _text(block, "text")
    if not text or _on(block, "mask") or "channels" in block or "servers" in block:
        imported.left_out.append(f"highlight {text or '(without text)'}: limited to some people or channels")
    else:
        imported.call(text if _on(block, "regexp") else text.replace("*", ""), pattern=_on(block, "regexp"))


def _alias(text: str) -> str:
    """Return an alias with arguments counted from 1, as here, instead of 0."""
    text = text.strip().removeprefix("/").removeprefix("^").replace("$0-", "$*")
    return re.sub(r"\$([0-8])", lambda match: f"${int(match[1]) + 1}", text)


def _ignore(block: dict[str, IrssiNode], imported: Imported) -> None:
    mask, levels = _text(block, "mask") or "*", _text(block, "level").upper().split()
    channels = block.get("channels")
    places = [each for each in channels if isinstance(each, str)] if isinstance(channels, list) else []
    kinds = list(dict.fromkeys(_KINDS[level] for level in levels if level in _KINDS))
    limits = ("pattern", "servers", "servertag", "network", "unignore_time")
    if _on(block, "exception") or any(each in block for each in limits) or " " in mask:
        imported.left_out.append(f"ignored {mask}: has conditions that greenchat does not support")
    elif "ALL" in levels and not any(level.startswith("-") for level in levels):
        imported.ignored += [" ".join([mask, *places]), " ".join([mask, "joins", *places])]
    elif kinds and not {"NO_ACT", "HIDDEN"} & set(levels):
        imported.ignored.append(" ".join([mask, *kinds, *places]))
    else:
        imported.left_out.append(f"ignored {mask}: {' '.join(levels)} is not supported")


def _text(block: dict[str, IrssiNode], name: str) -> str:
    value = block.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _on(block: dict[str, IrssiNode], name: str) -> bool:
    return _text(block, name).lower() in ("yes", "on", "true", "1", "y")


def _block(node: IrssiNode | None) -> dict[str, IrssiNode]:
    return node if isinstance(node, dict) else {}


def _blocks(node: IrssiNode | None) -> list[dict[str, IrssiNode]]:
    return [each for each in node if isinstance(each, dict)] if isinstance(node, list) else []


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        position, line = 0, 1
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise ForeignError(f"line {line}: a text without its closing quote")
            if match.lastindex:
                self._tokens.append((match[match.lastindex], line))
            line += match[0].count("\n")
            position = match.end()
        self._next = 0

    def block(self, depth: int) -> dict[str, IrssiNode]:
        """Return the entries up to a closing brace, or the end of the file outside of any."""
        nodes: dict[str, IrssiNode] = {}
        while True:
            word = self._take()
            if word == ("" if depth == 0 else "}"):
                return nodes
            if word in (";", ","):
                continue
            if word in ("", "{", "}", "(", ")", "="):
                raise self._wrong()
            if self._take() != "=":
                raise self._wrong()
            nodes[_unquoted(word)] = self._value(self._take(), depth)

    def _value(self, word: str, depth: int) -> IrssiNode:
        if depth >= _MOST_DEPTH:
            raise self._wrong()
        if word == "{":
            return self.block(depth + 1)
        if word == "(":
            nodes: list[IrssiNode] = []
            while (word := self._take()) != ")":
                if word not in (",", ";"):
                    nodes.append(self._value(word, depth + 1))
            return nodes
        if word in ("", "}", ")", "=", ";", ","):
            raise self._wrong()
        return _unquoted(word)

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][0] if self._next <= len(self._tokens) else ""

    def _wrong(self) -> ForeignError:
        if self._next > len(self._tokens):
            return ForeignError("it ends too early")
        token, line = self._tokens[self._next - 1]
        return ForeignError(f"line {line}: {token} is not expected there")


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.S) if token.startswith('"') else token
