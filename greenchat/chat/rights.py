"""An operator's rights: looked up in the settings each time, so that a reload takes effect at once."""

from greenchat.chat.user import User
from greenchat.config.settings import Settings


def rights_of(user: User, settings: Settings) -> tuple[str, ...]:
    """Return the rights of a user's operator class; none if the user is not an operator."""
    oper = settings.staff.opers.get(user.oper) if "o" in user.modes else None
    oper_class = settings.staff.classes.get(oper.class_) if oper else None
    return oper_class.rights if oper_class else ()
