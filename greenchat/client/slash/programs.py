"""The command that runs programs of this machine."""

import signal

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import Execute, ShowProcesses, Signal
from greenchat.client.state.model import Buffer, BufferKind

USE = "Usage: /exec [-o, -msg who, -notice who] command; /exec -close number"
SWITCHES = frozenset(("-", "-o", "-out", "-window", "-nosh", "-sh", "-bg"))
WITH_A_WORD = frozenset(("-msg", "-notice", "-name"))


@command("exec", usage="[-o, -msg who, -notice who] [command]", example="/exec -o uptime")
def exec_(order: Order) -> None:
    """Run a shell command and show its output; -o sends it here, -msg and -notice to somebody.

    Before sending three or more lines, greenchat asks. /exec alone lists the running programs, /exec -close 0 ends
    number 0 and -HUP 0 sends it a signal; all end with greenchat.
    -name NAME names it, -nosh runs it without a shell, - alone hides how it ended.
    It is ended after /set exec.seconds, and has no input.
    """
    switches: dict[str, str] = {}
    rest = order.arguments
    while rest.startswith("-"):
        switch, _, rest = rest.partition(" ")
        rest = rest.lstrip()
        if switch in WITH_A_WORD:
            switches[switch], _, rest = rest.partition(" ")
            rest = rest.lstrip()
        elif switch in SWITCHES:
            switches[switch] = "on"
        else:
            _signal(order, switch[1:], rest)
            return
    if not rest and switches:
        raise SlashError(USE)
    if not rest:
        order.model.effects.append(ShowProcesses())
        return
    target = switches.get("-msg") or switches.get("-notice")
    window = order.buffer if "-o" in switches or "-out" in switches else None
    to = order.model.open(order.network, target) if target else window
    if to:
        _can_speak(to)
    order.model.effects.append(
        Execute(
            rest,
            order.buffer,
            to,
            notice="-notice" in switches,
            shell="-nosh" not in switches,
            quiet="-" in switches,
            name=switches.get("-name", ""),
        )
    )


def _signal(order: Order, name: str, which: str) -> None:
    number = int(name) if name.isdecimal() else getattr(signal, f"SIG{name.upper()}", None)
    if name == "close":
        number = signal.SIGTERM
    if number not in signal.valid_signals() or not which:
        raise SlashError(USE)
    order.model.effects.append(Signal(which, int(number)))


def _can_speak(buffer: Buffer) -> None:
    if buffer.kind is BufferKind.STATUS:
        raise SlashError(
            "This window has no recipient. /join a channel first, or name somebody: /exec -msg bob command"
        )
    if buffer.kind is BufferKind.CHANNEL and not buffer.joined:
        raise SlashError(f"You are not in {buffer.name}. Use /join {buffer.name}.")
