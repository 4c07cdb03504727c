"""The command line. Usual options are parsed here; argparse handles the rest, help and errors.

argparse takes 20 ms to import, a sixth of the start.
"""

from collections.abc import Sequence

from greenchat.client.state.setting_table import THEMES
from greenchat.records import record

_FLAGS = {"--serve": "serve", "--plain": "plain", "--ascii": "ascii", "--light": "light", "--no-archive": "no_archive"}
_TEXTS = {"--nick": "nick", "--certificate": "certificate", "--theme": "theme"}


@record()
class ClientOptions:
    """The command line's options, "" and False for those not given."""

    destination: str = ""
    serve: bool = False
    nick: str = ""
    certificate: str = ""
    plain: bool = False
    ascii: bool = False
    light: bool = False
    theme: str = ""
    no_archive: bool = False


def parse(arguments: Sequence[str]) -> ClientOptions:
    """Read the command line. Ends the program after --help, --version and mistakes, as argparse does."""
    return _usual(arguments) or _all(arguments)


def _usual(arguments: Sequence[str]) -> ClientOptions | None:
    """Parse the usual forms; return None for all others."""
    given = ClientOptions()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in _FLAGS:
            setattr(given, _FLAGS[word], True)
        elif word in _TEXTS and rest and not rest[0].startswith("-") and (word != "--theme" or rest[0] in THEMES):
            setattr(given, _TEXTS[word], rest.pop(0))
        elif not word.startswith("-") and word and not given.destination:
            given.destination = word
        else:
            return None
    return given


def _all(arguments: Sequence[str]) -> ClientOptions:
    from greenchat.client.state.command_line import parser_of_program  # late, see above

    values = vars(parser_of_program().parse_args(list(arguments)))
    return ClientOptions(**{name: values[name] for name in ClientOptions.__match_args__})
