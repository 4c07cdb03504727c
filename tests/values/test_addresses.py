"""Internet addresses, and the networks that limits and bans apply to."""

import pytest

from greenchat.values.addresses import is_out_of_bounds, is_public, is_within, netblock, network, site


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # the metadata service of clouds
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::1", False),
        ("2002:a00:1::1", False),
        ("64:ff9b:1::a00:1", False),  # RFC 8215: "Local-Use IPv4/IPv6 Translation Prefix"
        ("::ffff:0:7f00:1", False),  # RFC 7915: IPv4-translated
        ("::7f00:1", False),  # IPv4-compatible
        ("fec0::1", False),
        ("3fff::1", False),
    ],
)
def test_which_addresses_are_public(host: str, public: bool) -> None:
    assert is_public(host) is public


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://example.org/x", False),
        ("https://93.184.216.34/", False),
        ("https://[2606:2800:220:1:248:1893:25c8:1946]:8443/", False),
        ("https://10.1.2.3:8443/x", True),
        ("https://169.254.169.254/latest", True),
        ("https://user@10.1.2.3/", True),
        ("https://[::1]/", True),
        ("https://[::ffff:10.0.0.1]/", True),
        ("https://2130706433/", False),  # 127.0.0.1, which this test allows
        ("https://0xa.1/", True),
        ("https://012.0.0.1/", True),
        ("https://0xa.example.org/", False),
        ("https://1.2.3.4.5/", False),
        ("https://localhost/", False),
        ("https://127.0.0.1/", False),
    ],
)
def test_the_text_of_a_url_decides_early(url: str, refused: bool) -> None:
    assert is_out_of_bounds(url, (network("127.0.0.0/8"),)) is refused


@pytest.mark.parametrize(
    "url", ["https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://0x7f.1/"]
)
def test_names_of_this_machine_are_refused_early(url: str) -> None:
    assert is_out_of_bounds(url, ())


@pytest.mark.parametrize("url", ["https://", "https://[::1/", "https:///x", "x"])
def test_a_url_without_a_host(url: str) -> None:
    with pytest.raises(ValueError):
        is_out_of_bounds(url, ())


@pytest.mark.parametrize("text", ["", "x", "192.0.2.1/24", "192.0.2.0/33", "192.0.2", "fe80::1%eth0/64"])
def test_invalid_networks(text: str) -> None:
    with pytest.raises(ValueError, match="must be addresses or networks"):
        network(text)


@pytest.mark.parametrize(
    ("host", "block", "near"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.0/24"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::", "fe80::/48"),
        ("::1", "::", "::/48"),
    ],
)
def test_addresses_that_belong_together(host: str, block: str, near: str) -> None:
    assert (netblock(host), site(host)) == (block, near)


def test_an_address_within_networks() -> None:
    networks = (network("192.0.2.0/24"), network("2001:db8::/32"))
    assert is_within("192.0.2.255", networks)
    assert is_within("::ffff:192.0.2.1", networks)
    assert is_within("2001:db8::1", networks)
    assert not is_within("192.0.3.0", networks)
    assert not is_within("::1", networks)
    assert not is_within("192.0.2.1", ())
