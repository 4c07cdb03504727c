"""Every module that declares commands, imported so that the registry's table is full: run commands through this."""

from . import accept as accept
from . import audit as audit
from . import authentication as authentication
from . import capabilities as capabilities
from . import channels as channels
from . import chanserv as chanserv
from . import cloak as cloak
from . import defence as defence
from . import history as history
from . import histserv as histserv
from . import identity as identity
from . import invite as invite
from . import isupport as isupport
from . import kick as kick
from . import listing as listing
from . import manual as manual
from . import markers as markers
from . import messages as messages
from . import metadata as metadata
from . import modes as modes
from . import monitor as monitor
from . import multiline as multiline
from . import nick as nick
from . import nickserv as nickserv
from . import opers as opers
from . import oversight as oversight
from . import playback as playback
from . import presence as presence
from . import redact as redact
from . import register as register
from . import registration as registration
from . import relaymsg as relaymsg
from . import rename as rename
from . import search as search
from . import server as server
from . import stats as stats
from . import topic as topic
from . import uban as uban
from . import userhost as userhost
from . import webirc as webirc
from . import who as who
from . import whois as whois
from . import whowas as whowas
from .lines import run_line
from .registry import COMMANDS, go_on, resume, run

__all__ = ["COMMANDS", "go_on", "resume", "run", "run_line"]
