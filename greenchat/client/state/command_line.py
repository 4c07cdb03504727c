"""The command line as argparse reads and explains it. Imported late, see `options`."""

import argparse

from greenchat import __version__
from greenchat.arguments import Parser, add_completion
from greenchat.client.state.destination import DEFAULT_CHANNEL, DEFAULT_PORT
from greenchat.client.state.setting_table import THEMES


def parser_of_program() -> argparse.ArgumentParser:
    """Return the parser of the command line, which documents the program."""
    parser = Parser(
        prog="greenchat",
        allow_abbrev=False,
        description="Terminal chat client for greenchat and other IRC servers.",
        epilog="In the chat, /help shows the commands. `greenchat import [irssi or weechat [FILE]]` takes over"
        " networks, highlights, aliases and ignored people from these clients.",
    )
    parser.hints = (
        (r"(?:^| )([^\s-]\S*) (\d{1,5})(?: |$)", r"\1:\2"),  # as for telnet and nc
        (r"--?(?:port|p)[ =](\d{1,5})", r"localhost:\1"),
        (r"--?(?:host|server|connect|h)[ =]([^\s-]\S*)", r"\1"),
    )
    parser.add_argument(
        "destination",
        nargs="?",
        default="",
        metavar="[NICK@]HOST[:PORT][/#channel]",
        help=f"the server, also as irc:// or ircs:// URL (default: ask; default port {DEFAULT_PORT},"
        f" channel {DEFAULT_CHANNEL})",
    )
    parser.add_argument("--serve", action="store_true", help="start a server on this machine and join it")
    parser.add_argument(
        "--nick", default="", metavar="NAME", help="your nickname (default: ask, suggesting the last one)"
    )
    parser.add_argument(
        "--certificate",
        default="",
        metavar="FILE.pem",
        help="PEM file with your certificate and key, to log in with (needs TLS)",
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="read and write lines instead of drawing a screen: for screen readers and scripts",
    )
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument("--light", action="store_true", help="colours for a light terminal")
    parser.add_argument(
        "--theme", default="", choices=THEMES, help="colours for this session (overrides the setting `theme`)"
    )
    parser.add_argument("--no-archive", action="store_true", help="do not store the history on this machine")
    parser.add_argument("--version", action="version", version=f"greenchat {__version__}")
    add_completion(parser, parser_of_program)
    return parser
