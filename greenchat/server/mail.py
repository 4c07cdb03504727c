"""Mail to users: through an SMTP server, or with a command that reads it from its standard input.

Both may take seconds: call them only in threads that nothing else waits for.
"""

import logging
import shlex
import smtplib
import ssl
import subprocess
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from greenchat.config.options import Email
from greenchat.server import programs

log = logging.getLogger(__name__)


class Mailer:
    """Sends mail by these options."""

    def __init__(self, options: Email) -> None:
        self._options = options

    @property
    def is_on(self) -> bool:
        """Whether mail can be sent."""
        return bool(self._options.sender)

    def send(self, to: str, subject: str, text: str) -> bool:
        """Send a mail, from any thread; return whether that worked. If not, the log has the reason."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self._options.sender
        message["To"] = to
        message["Subject"] = " ".join(subject.splitlines())  # the network's name may contain Unicode line separators
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._options.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that no auto-reply comes
        message.set_content(text)
        try:
            if self._options.command:
                self._pipe(message)
            else:
                self._deliver(message)
        except (OSError, ValueError, smtplib.SMTPException, subprocess.SubprocessError) as error:
            log.error("a mail to %s could not be sent: %s", to, _reason(error))
            return False
        return True

    def _pipe(self, message: EmailMessage) -> None:
        subprocess.run(
            shlex.split(self._options.command),
            input=message.as_bytes(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=self._options.timeout,
            env=programs.environment(),
            check=True,
        )

    def _deliver(self, message: EmailMessage) -> None:
        options = self._options
        address = (options.server.host or "localhost", options.server.port)
        trust = ssl.create_default_context()
        if options.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*address, timeout=options.timeout, context=trust)
        else:
            server = smtplib.SMTP(*address, timeout=options.timeout)
        with server:
            if options.security == "starttls":
                server.starttls(context=trust)
            if options.user:
                server.login(options.user, options.password)
            server.send_message(message)


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        output = error.stderr.decode(errors="replace").strip()
        return f"the command ended with {error.returncode}: {output or 'no output'}"
    return str(error) or type(error).__name__
