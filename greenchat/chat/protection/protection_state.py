"""Bans, limits and the like; all nodes share them."""

from greenchat.chat.protection.cloaks import Cloaks
from greenchat.chat.protection.defcon import NORMAL
from greenchat.chat.protection.known_origins import KnownOrigins
from greenchat.chat.protection.reservations import Reservations
from greenchat.chat.protection.server_bans import ServerBans
from greenchat.chat.protection.throttle import Attempts
from greenchat.config.settings import Settings
from greenchat.values.names import Naming

_WINDOW = 600_000  # ms for counting wrong passwords and new accounts


class ProtectionState:
    """The bans, reservations and limits of a network.

    defcon: the level. logins: wrong passwords by address and account, for every way to log in; registrations: of
    accounts, by address. known_origins: of earlier logins.
    """

    __slots__ = ("bans", "cloaks", "defcon", "known_origins", "logins", "registrations", "reservations")

    def __init__(self, settings: Settings, naming: Naming) -> None:
        self.bans = ServerBans(naming.fold, naming.mask_fold)
        self.reservations = Reservations(naming.mask_fold)
        self.cloaks = Cloaks(settings.cloak)
        self.defcon = NORMAL
        self.logins = Attempts(0, _WINDOW)
        self.registrations = Attempts(0, _WINDOW)
        self.known_origins = KnownOrigins()
