"""Warnings about a risky configuration, one line each: none of them stops the server."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from greenchat.config.file import Config
from greenchat.config.opers import OPERS, Oper
from greenchat.config.options import Address
from greenchat.privacy import is_readable_by_all

# Passwords that guessers try first.
_GUESSED = frozenset(
    "password passwd secret changeme change-me admin root test letmein welcome qwerty greenchat chat 123456 12345678"
    .split()
)  # fmt: skip


def advice(config: Config, addresses: Sequence[Address], *, is_root: bool) -> Iterator[str]:
    """Yield the warnings. addresses: listened on, in the order of the configuration. is_root: running as root."""
    if is_root:
        yield (
            "the server runs as root, which is never needed and makes every bug more dangerous. Start it as an"
            " ordinary user"
        )
    for address, listener in zip(addresses, config.options.listen, strict=True):
        has_tls = config.options.tls.is_given and listener.tls != "never"
        if not address.is_loopback and not has_tls:
            yield f"{address} can be reached from other machines and has no TLS: messages can be intercepted"
    if config.options.cluster.is_secret_in_the_open:
        yield "cluster.engine is used without TLS, so its password can be intercepted: write tls://"
    settings = config.settings
    for key, secret in ("password", settings.password), ("webirc.password", settings.webirc.password):
        if secret.lower() in _GUESSED:
            yield f"{key} is one of the first passwords that attackers try; choose another one"
    if settings.files.enabled and not settings.files.url:
        yield (
            "files.url is empty, so only the page can upload files, and links to them begin with /: set it to the"
            " public address of the page, like https://chat.example.org/"
        )
    metrics = config.options.metrics
    if metrics.enabled and not metrics.token and not metrics.addresses:
        yield "metrics.enabled is true, but nobody can read them: set metrics.token, or metrics.addresses"
    asks = "auth_script" if settings.providers.auth_script.is_on else "ldap" if settings.providers.ldap.is_on else ""
    if asks and settings.accounts.registration:
        yield (
            f"accounts.registration is true beside {asks}: anybody can register a name that belongs to somebody else"
            " there"
        )
    if config.file and is_readable_by_all(Path(config.file)):
        clear = {
            "password": settings.password,
            "webirc.password": settings.webirc.password,
            "email.password": config.options.email.password,
            "auth_script.token": settings.providers.auth_script.token,
            "oidc.client_secret": settings.providers.oidc.client_secret,
            "ldap.bind_password": settings.providers.ldap.bind_password,
            "metrics.token": config.options.metrics.token,
            "cluster.password": config.options.cluster.password,
            "cluster.token": config.options.cluster.token,
            **{f"external.{name}.secret": service.secret for name, service in settings.external.items()},
        }
        for key in (key for key, secret in clear.items() if secret and not secret.startswith("$")):
            yield f"all users of this machine can read {key} in {config.file}: chmod 640 {config.file}"
    for name, oper in settings.staff.opers.items():
        if oper.password == _SAMPLE.password:
            yield f"opers.{name}.password is the one of the public example; choose another one"


def _sample() -> Oper:
    assert OPERS.sample
    _, oper = OPERS.sample
    assert isinstance(oper, Oper)
    return oper


_SAMPLE = _sample()
