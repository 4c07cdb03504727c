"""The reading side of one plain connection: bytes and times in, events out.

The adapter calls `start` once, then `receive`, `tick` (when `deadline` has passed) and `end`, carries out the events in
order, and reports back: `refused` if the server refused the nick, `welcomed` once the user is registered, `known_as`
whenever the nick may have changed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from greenchat.protocol.message import Message
from greenchat.protocol.plain.arrival import NO_TEXT, Arrival, Ask, GiveUp, NameKnown, SpeaksIrc, Verdict
from greenchat.protocol.plain.family import (
    GRACE,
    HOLD,
    PROMPT,
    PROMPT_TIMEOUT,
    TEXT_LIMIT,
    Family,
    OutputStyle,
    PromptTime,
)
from greenchat.protocol.plain.names import Legal, another_name, clean_name
from greenchat.protocol.plain.slash import COMMANDS, Help, Rename, Say, help_lines, parse_slash
from greenchat.protocol.plain.speech import PlainSpeech
from greenchat.protocol.plain.text import split_text, visible, visible_typed

REALNAME_LIMIT = 100  # characters of the typed name that others can look up
_NO_TEXT = f"Goodbye: {NO_TEXT}\n".encode()
TRIES = 20  # names `alice_2` ... before random numbers are tried
TRIES_AT_ALL = 100
_TELNET_PROMPT = b"Your name: "
_SHOWN = 10  # names of other users
_PLAIN = ("_give_up", "_nick", "_typed", "_tries", "_taken", "room", "_wish")  # attributes that are dumped unchanged


@dataclass(frozen=True, slots=True)
class Write:
    """Send these bytes now, in a separate packet."""

    data: bytes


@dataclass(frozen=True, slots=True)
class NotPlain:
    """The client speaks IRC; data: its input so far. This dialect has ended."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """A message from this user, as an IRC client would have sent it."""

    message: Message


@dataclass(frozen=True, slots=True)
class Tell:
    """Show a notice to this client only."""

    text: str


@dataclass(frozen=True, slots=True)
class Leave:
    """End the connection; reason is for others and for the log."""

    reason: str


Event = Write | NotPlain | Run | Tell | Leave


@dataclass(frozen=True, slots=True)
class PlainOptions:
    """The settings of a listener and of the server.

    irc: whether it may be IRC after all. grace and timeout in ms. legal and nick_limit: which nicks are valid.
    text_limit: bytes of text in one message, so that it fits an IRC line with any source.
    password: whether the server asks for one. guest_number: returns a new number each time.
    prompt_text: instead of the four bytes that programs know. ascii_only: only ASCII may be sent.
    """

    legal: Legal
    nick_limit: int = 32
    lobby: str = "#lobby"
    irc: bool = True
    prompt: PromptTime = PromptTime.GRACE
    grace: int = GRACE
    timeout: int = PROMPT_TIMEOUT
    text_limit: int = 350
    password: bool = False
    prompt_text: bytes = b""
    ascii_only: bool = False
    guest_number: Callable[[], int] = field(default_factory=lambda: count(1).__next__)


class Dialect:
    """The plain-text protocol of one connection.

    style: the client's output style, for the `Pacer`. room: its current channel.
    """

    __slots__ = (
        "_arrival",
        "_early",
        "_give_up",
        "_introduction",
        "_nick",
        "_options",
        "_reserved",
        "_speech",
        "_taken",
        "_tries",
        "_typed",
        "_wish",
        "room",
        "style",
    )

    def __init__(self, options: PlainOptions, now: int) -> None:
        self._options = options
        self._arrival: Arrival | None = Arrival(
            now, prompt=options.prompt, irc=options.irc, grace=options.grace, timeout=options.timeout
        )
        self.style = OutputStyle(ascii=options.ascii_only, ascii_only=options.ascii_only)
        self._speech = PlainSpeech(self.style)
        self._early: list[bytes] | None = []
        self._introduction: list[Event] | None = None
        self._give_up = 0
        self._nick = ""
        self._typed = ""
        self._tries = 1
        self._taken = False
        self._reserved = False
        self.room = options.lobby
        self._wish: tuple[str, str] | None = None

    def dump(self) -> dict[str, Any]:
        """Return the state, as plain values and bytes."""
        return {
            "arrival": self._arrival.dump() if self._arrival else None,
            "style": self.style.dump(),
            "speech": self._speech.dump(),
            "early": self._early,
            "introduction": None if self._introduction is None else dump_events(self._introduction),
            **{name: getattr(self, name) for name in _PLAIN},
        }

    def load(self, form: Mapping[str, Any], style: OutputStyle) -> None:
        """Restore the dumped state. style: the client's, shared with the writing side."""
        self.style = style
        self._speech = PlainSpeech(style)
        self._speech.load(form["speech"])
        if form["arrival"] is None:
            self._arrival = None
        elif self._arrival:
            self._arrival.load(form["arrival"])
        self._early = form["early"]
        self._introduction = None if form["introduction"] is None else load_events(form["introduction"])
        for name in _PLAIN:
            setattr(self, name, form[name])
        self._wish = (self._wish[0], self._wish[1]) if self._wish else None

    @property
    def deadline(self) -> int | None:
        """Return the time at which to call `tick` without input, or None."""
        if self._arrival:
            return self._arrival.deadline
        if self.asks_password:
            return min(self._give_up, self._speech.deadline or self._give_up)
        return self._speech.deadline

    @property
    def asks_password(self) -> bool:
        """Whether it waits for the password, without which no name can be registered."""
        return self._introduction is not None

    @property
    def family(self) -> Family | None:
        """Return the family, None before the name."""
        return None if self._arrival else self.style.family

    def start(self, now: int) -> list[Event]:
        """Begin: the connection is there."""
        return self.tick(now)

    def receive(self, data: bytes, now: int) -> list[Event]:
        """Handle a received chunk, which is not empty."""
        if self._arrival:
            return self._arrived(self._arrival.receive(data, now), now)
        if self._introduction is not None:
            return self._answered(self._speech.receive(data, now), self._introduction)
        if self._early is not None:
            self._early.append(data)
            return [Leave("Excess Flood")] if sum(map(len, self._early)) > TEXT_LIMIT else []
        return self._events(self._speech.receive(data, now))

    def tick(self, now: int) -> list[Event]:
        """Act on a deadline that may have passed."""
        if self._arrival:
            return self._arrived(self._arrival.tick(now), now)
        if self._introduction is not None:
            if now >= self._give_up:
                return [Leave("no password came")]
            return self._answered(self._speech.tick(now), self._introduction)
        return self._events(self._speech.tick(now))

    def end(self, now: int) -> list[Event]:
        """End the input.

        The connection ends even without a `Leave` among the events.
        """
        if self._arrival:
            return self._arrived(self._arrival.end(now), now)
        if self._introduction is not None:
            return []
        return self._events(self._speech.end())

    def refused(self, *, taken: bool = True) -> list[Event]:
        """Return the next nick to try: the server did not take the last one.

        taken: whether it is in use, so that a variant of it may work; a reserved one has no such variants.
        """
        options = self._options
        self._taken = self._taken or taken
        self._reserved = self._reserved or not taken
        self._tries += 1
        if self._tries > TRIES_AT_ALL:
            return [Leave("No free name")]
        base = "" if self._reserved else clean_name(self._typed, options.legal, options.nick_limit)
        number = self._tries if self._tries <= TRIES else TRIES + options.guest_number()
        nick = another_name(base, number, options.nick_limit) if base else f"guest{options.guest_number()}"
        return [Run(Message("NICK", (nick,)))]

    def welcomed(self, nick: str, now: int) -> list[Event]:
        """Enter the lobby, and send texts typed meanwhile: the user is registered under this nick."""
        typed = self._typed.strip()
        events: list[Event] = [Run(Message("JOIN", (self.room,)))]
        if self._reserved and typed:
            shown = visible(typed[: self._options.nick_limit])
            events.append(Tell(f"The name {shown} is reserved on this server, so you are {nick}."))
        elif self._taken and typed:
            events.append(Tell(f"The name {visible(typed[: self._options.nick_limit])} is taken, so you are {nick}."))
        elif nick != typed:
            events.append(Tell(f"You are {nick}."))
        self.known_as(nick)
        early, self._early = self._early or [], None
        for chunk in early:
            events += self._events(self._speech.receive(chunk, now))
        return events

    def moved(self, room: str) -> list[Event]:
        """Move to another channel, and leave the one before."""
        before, self.room = self.room, room
        return [Run(Message("PART", (before,)))] if before != room else []

    def known_as(self, nick: str) -> None:
        """Note the user's nick, which may have changed."""
        if nick == self._nick:
            return
        self._nick = nick
        self._speech.claim(nick)
        if self._wish and self._wish[1] == nick:
            self._speech.claim(self._wish[0])
        self._wish = None

    def _arrived(self, verdict: Verdict | None, now: int) -> list[Event]:
        match verdict:
            case None:
                return []
            case Ask(telnet):
                return [Write(self._options.prompt_text or (_TELNET_PROMPT if telnet else PROMPT))]
            case SpeaksIrc(data, prompted):
                return [Write(b"\r\n"), NotPlain(data)] if prompted else [NotPlain(data)]
            case GiveUp(reason):
                last_words = [Write(_NO_TEXT)] if reason == NO_TEXT else []
                return [*last_words, Leave(reason)]
            case NameKnown():
                return self._named(verdict, now)

    def _named(self, known: NameKnown, now: int) -> list[Event]:
        self._arrival = None
        style = self.style
        style.family = known.family
        raw = known.family is Family.RAW
        style.ascii = style.ascii_only or (raw and known.quick and known.typed.isascii())
        style.hold_until = now + HOLD if raw else now
        self._early = list(known.rest)
        options = self._options
        self._typed = known.typed.replace(b"\r", b"").decode("utf-8", "replace")
        self._speech.claim(self._typed)
        self._speech.claim(self._typed.strip())
        nick = clean_name(self._typed, options.legal, options.nick_limit) or f"guest{options.guest_number()}"
        realname = visible(self._typed.strip())[:REALNAME_LIMIT] or nick
        introduction: list[Event] = [Run(Message("NICK", (nick,))), Run(Message("USER", (nick, "0", "*", realname)))]
        if not options.password:
            return introduction
        self._introduction = introduction
        self._give_up = now + options.timeout
        ask = Tell("This server asks for a password. Type it now:")
        if known.family is not Family.LINE or not self._early:
            return [ask]
        # lines of one chunk: the second is the password
        early, self._early = self._early, []
        return self._answered(self._speech.receive(b"".join(early), now), introduction) or [ask]

    def _answered(self, texts: list[str], introduction: list[Event]) -> list[Event]:
        """Take the first text after the question as the password; send the texts after it."""
        if not texts:
            return []
        password, *others = texts
        self._introduction = None
        self._early = [*(self._early or []), *(f"{text}\n".encode() for text in others)]
        return [Run(Message("PASS", (password.strip(),))), *introduction]

    def _events(self, texts: Iterable[str]) -> list[Event]:
        return [event for text in texts for event in self._handle_text(text)]

    def _handle_text(self, text: str) -> list[Event]:
        slash = parse_slash(text)
        if slash is None:
            # `//` escapes a line that begins with a slash
            return self._say(Say(self.room, text[1:] if text.startswith("//") else text))
        name, rest = slash
        row = COMMANDS.get(name)
        if row is None:
            return [
                Tell(
                    f"There is no command /{name[:32]}. /help lists the commands; begin with // to send a line that"
                    " begins with /."
                )
            ]
        match row.function(rest, self.room):
            case None:
                return [Tell(f"Usage: {row.usage}")]
            case Help():
                return [Tell(line) for line in help_lines()]
            case Rename(typed):
                return self._rename(typed)
            case Say() as say:
                return self._say(say)
            case Message(command, params):
                return [Run(Message(command, tuple(self._fitting(param, 0)[0] for param in params)))]

    def _rename(self, typed: str) -> list[Event]:
        nick = clean_name(typed, self._options.legal, self._options.nick_limit)
        if nick == self._nick:
            self._speech.claim(typed)
        self._wish = (typed, nick)
        return [Run(Message("NICK", (nick,)))]

    def _say(self, say: Say) -> list[Event]:
        target = visible_typed(say.target)
        if say.action:
            texts = [f"\x01ACTION {piece}\x01" for piece in self._fitting(say.text, len("\x01ACTION \x01"))]
        else:
            texts = self._fitting(say.text, 0)
        return [Run(Message("PRIVMSG", (target, text))) for text in texts]

    def _fitting(self, text: str, taken: int) -> list[str]:
        """Return the text without control characters, in pieces that fit a message."""
        return split_text(visible_typed(text), self._options.text_limit - taken)


def dump_events(events: Iterable[Event]) -> list[Any]:
    """Return events as plain values and bytes."""
    dumped: list[Any] = []
    for event in events:
        match event:
            case Run(message):
                dumped.append(["Run", message.command, list(message.params)])
            case Tell(value) | Leave(value) | Write(value) | NotPlain(value):
                dumped.append([type(event).__name__, value])
    return dumped


def load_events(form: Iterable[Sequence[Any]]) -> list[Event]:
    """Return the events that were dumped."""
    events: list[Event] = []
    for name, *values in form:
        if name == "Run":
            events.append(Run(Message(values[0], tuple(values[1]))))
        else:
            events.append({"Tell": Tell, "Leave": Leave, "Write": Write, "NotPlain": NotPlain}[name](values[0]))
    return events


def orientation(room: str, here: Sequence[str]) -> str:
    """Return a line for a person at a terminal: the channel, its members, and the commands."""
    if not here:
        company = "nobody else is here yet"
    else:
        more = len(here) - _SHOWN
        company = ", ".join(here[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        company = f"with {company}"
    return f"You are in {room}, {company}. Type to talk; /help lists the commands"
