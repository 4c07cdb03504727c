"""What an operator may do now: looked up in the settings each time, so that a reload takes effect at once."""

from greenchat.chat.user import User
from greenchat.config.settings import Settings


def rights_of(user: User, settings: Settings) -> tuple[str, ...]:
    """The rights of a user's class; none for those who are no operators."""
    oper = settings.opers.get(user.oper) if "o" in user.modes else None
    oper_class = settings.classes.get(oper.class_) if oper else None
    return oper_class.rights if oper_class else ()
