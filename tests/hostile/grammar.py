"""Lines that a client might send, valid and broken: the patterns of a grammar with random parts.

Randomness is an argument, so that Hypothesis can control it and a seed repeats a long run.
"""

import base64
import random
from collections.abc import Callable

from greenchat.commands.catalog import COMMANDS

NICKS = ["ann", "bob", "cat", "Dan", "eve", "ANN", "b[o]b", "x" * 32]
CHANNELS = ["#a", "#b", "#A", "#lobby", "#" + "c" * 63, "#\u00fc"]
PASSWORDS = ["secret", "correct horse battery", "x"]
_FOREIGN = ["", ":", "0", "*", "1x", "#", "#a b", "a,b", "nickserv", "\u00e4", "x" * 40, "#" + "c" * 80, "\x07", "-1"]
_CONTROL = ["\x00", "\r", "\x01", "\x02", "\x03", "\x1b[2J", "\x7f", "\u2028", "\u0085", "\ud83d", "\t", "\u202e"]
_MODES = "beIkflCHKMORTUcimnpstuzqaohvXY0+-"
_CAPS = (
    "account-notify account-tag away-notify batch cap-notify chghost echo-message extended-join extended-monitor"
    " invite-notify labeled-response message-tags multi-prefix sasl server-time setname standard-replies"
    " userhost-in-names draft/chathistory draft/event-playback draft/message-redaction draft/read-marker"
    " draft/channel-rename draft/metadata-3 draft/relaymsg soju.im/search no-implicit-names unknown"
).split()
_SERVICES = [
    "NickServ REGISTER {password} *", "NickServ IDENTIFY {nick} {password}", "NickServ LOGOUT", "NickServ HELP",
    "NickServ GHOST {nick}", "NickServ SET {word} {word}", "NickServ GROUP", "NickServ DROP {nick} {password}",
    "NickServ TOTP {word} {password}", "NickServ TOTP CONFIRM 123456", "NickServ SENDPASS {nick}",
    "ChanServ REGISTER {channel}",
    "ChanServ WEBHOOK {channel} ADD https://{word}.example/ !x",
    "ChanServ AMODE {channel} +o {nick}", "ChanServ HELP", "ChanServ OP {channel}",
    "HistServ PLAY {channel} {number}", "HistServ DELETE {channel} {msgid}", "HistServ FORGET {nick}",
    "ChanServ UNREGISTER {channel}", "ChanServ DROP {channel}", "ChanServ INFO {channel}", "*playback PLAY * 0",
    "*playback PLAY {channel} {number}", "ChanServ BAN {channel} {nick} 1h {word}", "ChanServ PURGE DEL {channel}",
    "ChanServ AKICK {channel} DEL {mask}", "ChanServ SUCCESSOR {channel} {nick}", "ChanServ ENTRYMSG {channel} {word}",
    "ChanServ PURGE ADD {channel}", "ChanServ AKICK {channel} ADD {nick}",
]  # fmt: skip

# The usual form of each command; commands without one are tried with random parameters.
PATTERNS: dict[str, list[str]] = {
    "NICK": ["{nick}"],
    "USER": ["{word} 0 * :{text}"],
    "PASS": ["{password}"],
    "CAP": ["LS 302", "REQ :{caps}", "END", "LIST", "LS"],
    "JOIN": ["{channel}", "{channel},{channel} {word}", "0", "{channel} {word}"],
    "PART": ["{channel}", "{channel},{channel} :{text}"],
    "TOPIC": ["{channel}", "{channel} :{text}"],
    "MODE": ["{channel} {modes} {nick} {mask}", "{channel}", "{nick} {modes}", "{channel} +b {mask}", "{channel} +i"],
    "KICK": ["{channel} {nick} :{text}", "{channel} {nick},{nick}"],
    "INVITE": ["{nick} {channel}", ""],
    "KNOCK": ["{channel} :{text}"],
    "PRIVMSG": ["{channel} :{said}", "{nick} :{said}", "@{channel} :{said}", "{channel},{nick} :{said}", "{service}"],
    "NOTICE": ["{channel} :{said}", "{nick} :{said}"],
    "TAGMSG": ["{channel}", "{nick}"],
    "NAMES": ["{channel}", "{channel},{channel}", ""],
    "LIST": ["", "{channel}", ">0,T<5", "*a*", "C>1"],
    "WHO": ["{channel}", "{mask}", "* o", "{channel} %tcuihsnfdlaor,42"],
    "WHOIS": ["{nick}", "{nick} {nick}", "{nick},{nick}"],
    "WHOWAS": ["{nick}", "{nick} 1"],
    "METADATA": [
        "{nick} LIST", "* SET {word} :{text}", "{channel} SET {word} :{text}", "{channel} SYNC", "* SUB {word} {word}",
        "* UNSUB {word}", "* SUBS", "{nick} GET {word} {word}", "* CLEAR", "*ALL SYNC",
    ],
    "MONITOR": ["+ {nick},{nick}", "- {nick}", "C", "L", "S"],
    "AWAY": ["", ":{text}", "*"],
    "FILEHOST": ["TOKEN", "{word}"],
    "WEBPUSH": ["VAPIDPUBKEY", "REGISTER https://{word}.example/ {word}", "UNREGISTER {word}"],
    "SETNAME": [":{text}"],
    "RESUME": ["{word}"],
    "QUIT": ["", ":{text}"],
    "OPER": ["root secret", "root wrong", "nobody secret"],
    "KILL": ["{nick} :{text}"],
    "SAJOIN": ["{nick} {channel}"],
    "SAPART": ["{nick} {channel} :{text}"],
    "SANICK": ["{nick} {nick}"],
    "SAMODE": ["{channel} {modes} {nick}"],
    "REMOVE": ["{nick} {channel} :{text}"],
    "RENAME": ["{channel} {channel} :{text}"],
    "RELAYMSG": ["{channel} {nick}/x :{text}", "{channel} {any} :{text}"],
    "REDACT": ["{channel} {msgid} :{text}"],
    "MARKREAD": ["{channel}", "{channel} timestamp=2026-01-01T00:00:00.000Z"],
    "REGISTER": ["* * {password}", "{nick} a@b.example {password}"],
    "VERIFY": ["{nick} {word}"],
    "AUTHENTICATE": ["PLAIN", "{plain}", "SCRAM-SHA-256", "*", "+", "{word}"],
    "CHATHISTORY": ["LATEST {channel} * 50", "LATEST {nick} * 50", "TARGETS timestamp=2000-01-01T00:00:00.000Z"
                    " timestamp=2100-01-01T00:00:00.000Z 9", "BEFORE {channel} msgid={msgid} 5",
                    "AROUND {channel} timestamp=2026-01-01T00:00:00.000Z 9", "BETWEEN {channel} * * 5"],
    "SEARCH": ["text={word}", "in={channel};text={word};limit=5", "from={nick}"],
    "STATS": ["l", "u", "m", "o", "P", "{word}"],
    "PING": ["{word}"],
    "WALLOPS": [":{text}"],
    "WEBIRC": ["secret gate host 192.0.2.1"],
    "ACCEPT": ["{nick}", "-{nick}", "{nick},-{nick},*", "*"],
    "CLOAK": ["ROTATE", "SHOW 192.0.2.1", "SHOW {word}"],
    "UBAN": ["ADD {word} 1 {text}", "DEL {word}", "LIST", "INFO {nick}"],
    "AUDIT": ["5 {word}", ""],
    "TOKEN": ["SERVICELIST", "GENERATE {word} {channel}", "VALIDATE {word} https://x.example {word}"],
    "EXTJWT": ["{channel} {word}", "*"],
    "TBAN": ["{channel} 1s {mask}", "{channel} {word} {nick}"],
    "RESV": ["1 {word} :{text}", "{channel}", ""],
    "UNRESV": ["{word}", "{channel}"],
}  # fmt: skip


class Grammar:
    """Makes lines. said: makes the text of a message. msgids: existing ones."""

    def __init__(self, chance: random.Random, texts: Callable[[], str], msgids: list[str]) -> None:
        self.chance = chance
        self._draw_text = texts
        self._msgids = msgids
        self._commands = sorted(COMMANDS)
        # commands that change membership come more often: they are where states go wrong
        self._usual = "JOIN JOIN PART NICK MODE MODE KICK PRIVMSG INVITE CAP TOPIC AWAY OPER".split()

    def line(self) -> bytes:
        """Return a line with its end, as bytes; now and then it is invalid."""
        chance = self.chance
        kind = chance.randrange(20)
        command = chance.choice(self._usual if kind < 12 else self._commands)
        if kind == 19:
            line = " ".join([command, *(self._fill("{any}") for _ in range(chance.randrange(18)))])
        else:
            line = (
                f"{command} {self._fill(chance.choice(PATTERNS.get(command, ['', '{any}', '{any} {any}'])))}".rstrip()
            )
        if chance.randrange(12) == 0:
            line = self._broken(line)
        if chance.randrange(6) == 0:
            line = f"@{self._tags()} {line}"
        data = line.encode("utf-8", "surrogatepass")
        return data.replace(b"\n", b"") + (b"\r\n" if chance.randrange(9) else b"\n")

    def greeting(self) -> bytes:
        """Return the lines that register a client, if its nick is free."""
        chance = self.chance
        request = f"CAP REQ :{self._fill('{caps}')}\r\n" if chance.randrange(3) else ""
        if not chance.randrange(4):
            request = "CAP REQ :" + " ".join(_CAPS[:-1]) + "\r\n"
        joins = f"JOIN {chance.choice(CHANNELS)}\r\n" * chance.randrange(3)
        return f"{request}NICK {chance.choice(NICKS)}\r\nUSER u 0 * :r\r\nCAP END\r\n{joins}".encode()

    def _fill(self, pattern: str) -> str:
        while "{" in pattern:
            before, _, rest = pattern.partition("{")
            name, _, after = rest.partition("}")
            pattern = before + self._word(name) + after
        return pattern

    def _word(self, name: str) -> str:
        chance = self.chance
        if name not in ("said", "text") and chance.randrange(25) == 0:
            return chance.choice(_FOREIGN)
        match name:
            case "nick":
                return chance.choice(NICKS)
            case "channel":
                return chance.choice(CHANNELS)
            case "password":
                return chance.choice(PASSWORDS)
            case "said":
                return self._draw_text()
            case "text":
                return self._text()
            case "caps":
                wanted = {chance.choice(_CAPS): None for _ in range(chance.randrange(1, 9))}
                if "draft/event-playback" in wanted:  # otherwise history could not be recognized
                    wanted["batch"] = None
                elif not chance.randrange(9):
                    wanted = {"-batch": None, "-draft/event-playback": None}
                return " ".join(wanted)
            case "modes":
                return "".join(chance.choice(_MODES) for _ in range(chance.randrange(1, 8)))
            case "mask":
                return chance.choice(
                    ["*!*@*", "ann!*@*", "*", "$a:ann", "m:*!*@*", "~a:x", "bob", "*!*@192.0.2.*", "[["]
                )
            case "msgid":
                return chance.choice(self._msgids) if self._msgids else "none"
            case "number":
                return chance.choice(["0", "1", "-1", "5", "1e9", "99999999999999999999", "x"])
            case "service":
                # the text of a private message to a service
                service, _, text = chance.choice(_SERVICES).partition(" ")
                return f"{service} :{text}"
            case "plain":
                words = f"\0{chance.choice(NICKS)}\0{chance.choice(PASSWORDS)}"
                return base64.b64encode(words.encode()).decode()
            case "any":
                return self._word(chance.choice(["nick", "channel", "modes", "mask", "number", "word", "msgid"]))
        return chance.choice(["a", "b", "xyzzy", "#a", "0", "key"])

    def _text(self) -> str:
        chance = self.chance
        kind = chance.randrange(6)
        if kind == 0:
            return "".join(chance.choice(_CONTROL) for _ in range(3))
        if kind == 1:
            return chance.choice(["\u00fc", "x", "\U0001f468", "a "]) * chance.choice([1, 200, 400, 600])
        return chance.choice(["", "hello", "a b", ":)", "\x01ACTION waves\x01", "\x01PING 1\x01", "\x0304red"])

    def _tags(self) -> str:
        chance = self.chance
        names = [
            "label",
            "+typing",
            "+draft/reply",
            "+greenchat/id",
            "batch",
            "time",
            "msgid",
            "+" + "t" * 60,
            "+\u00fc",
            "",
        ]
        values = ["1", "", "a\\:b\\s\\r\\n", "x" * chance.choice([1, 70, 3000, 4200]), "\\", "\u00fc", "active"]
        return ";".join(f"{chance.choice(names)}={chance.choice(values)}" for _ in range(chance.randrange(1, 4)))

    def _broken(self, line: str) -> str:
        chance = self.chance
        at = chance.randrange(len(line) + 1)
        return line[:at] + chance.choice([*_CONTROL, " ", ":", "  ", ",", "x" * 600, "\udcff"]) + line[at:]
