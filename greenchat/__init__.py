"""greenchat: group chat for the terminal, a gevent IRC server and a curses client."""

__version__ = "0.2.0"
