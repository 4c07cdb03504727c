"""Connecting through a proxy: SOCKS5 and SOCKS4, or HTTP's CONNECT, by python-socks (the extra `proxy`)."""

import socket


class ProxyFailedError(OSError):
    """The proxy can't be used, or could not connect; the text is the reason, for the user."""


def connect(proxy: str, host: str, port: int, seconds: float) -> socket.socket:
    """Return a connection to `host` through the proxy, which resolves the name. Blocks; raises ProxyFailedError.

    proxy: `socks5://[user:password@]host:port`, or socks4:, http:. seconds: the timeout.
    """
    try:
        # late: few users need it
        from python_socks import ProxyError
        from python_socks.sync import Proxy
    except ImportError as error:
        from greenchat import extras

        raise ProxyFailedError(f"a proxy needs one more package: {extras.install(extras.PROXY)}") from error
    proxy_name = proxy.rpartition("@")[2].rpartition("/")[2]  # without the password
    try:
        connection: socket.socket = Proxy.from_url(proxy, rdns=True).connect(host, port, timeout=seconds)
    except ValueError as error:
        raise ProxyFailedError(f"the proxy must be given as socks5://host:port, not as {proxy_name}") from error
    except ProxyError as error:
        raise ProxyFailedError(f"the proxy {proxy_name} could not reach {host}: {error}") from error
    except TimeoutError as error:
        raise ProxyFailedError(f"no answer from the proxy {proxy_name}") from error
    except OSError as error:
        raise ProxyFailedError(f"the proxy {proxy_name} can't be reached") from error
    return connection
