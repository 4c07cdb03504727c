"""What an operator may decide about the process: addresses, the data folder, and how clients are kept in bounds."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. host "" means every interface; port 0 any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host or "*"
        return f"{host}:{self.port}"


DEFAULT_ADDRESS = Address("127.0.0.1", 9090)


@dataclass(frozen=True, slots=True)
class Options:
    """sendq: bytes that may wait for one client. command_rate: lines a second, 0 for no limit. Times in seconds."""

    listen: tuple[Address, ...] = (DEFAULT_ADDRESS,)
    data: Path = field(default_factory=Path)
    sendq: int = 1024 * 1024
    command_rate: float = 10.0
    command_burst: int = 40
    ping_after: float = 120.0
    ping_timeout: float = 60.0
    register_timeout: float = 60.0
    close_timeout: float = 3.0
