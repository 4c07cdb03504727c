"""The access to the engine: the addresses of its servers, and the credentials."""

from dataclasses import dataclass
from urllib.parse import SplitResult


@dataclass(frozen=True, slots=True)
class Access:
    """The addresses of the engine, and our credentials.

    urls: nats://[TOKEN@|USER:PASSWORD@]HOST[:PORT], or tls:// to require TLS. user, password, token: instead of those
    in the addresses. ca: the file with the engine's authorities, "" for the system's. certificate, key: files of a
    client certificate, "" for none.
    """

    urls: tuple[str, ...]
    user: str = ""
    password: str = ""
    token: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""

    def named(self, parts: SplitResult) -> dict[str, str]:
        """Return the credentials with which to log in to the server at this address."""
        if self.token:
            return {"token": self.token}
        if self.user:
            return {"user": self.user, "password": self.password}
        if parts.password:
            return {"user": parts.username or "", "password": parts.password}
        return {"token": parts.username or ""}

    def wants_tls(self, parts: SplitResult) -> bool:
        """Whether TLS is required: by the URL, or because certificates are configured."""
        return parts.scheme == "tls" or bool(self.ca or self.certificate)
