"""The address of a server."""

from greenchat.records import record


@record(frozen=True, slots=True)
class ServerAddress:
    """A server's address."""

    host: str
    port: int
    tls: bool = False

    @property
    def is_local(self) -> bool:
        """Whether the address is on this machine."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
