"""Where addresses that other people chose may lead."""

from __future__ import annotations

import pytest

from connectors.outward_rules import NotAllowedOut, Rules

INSIDE = (
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:0a00:0001::1", "::10.0.0.1", "2001:0:5ef5:79fb:0:59b:f5ff:fffe",
    "fec0::1", "64:ff9b:1::a00:1", "::ffff:0:10.0.0.1", "5f00::1", "4000::1", "3fff::1", "192.0.0.8", "192.88.99.1",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_reached_whatever_its_name(address: str) -> None:
    assert not Rules().may_reach("push.example.org", address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"])
def test_the_public_internet_is_reached(address: str) -> None:
    assert Rules().may_reach("push.example.org", address)


def test_an_admin_opens_a_name_an_address_or_a_network_and_nothing_else() -> None:
    rules = Rules(["NTFY.office.example", "10.1.0.0/16", "::1"])
    assert rules.may_reach("ntfy.office.example", "192.168.1.7")
    assert rules.may_reach("other.example", "10.1.2.3")
    assert rules.may_reach("other.example", "::1")
    assert not rules.may_reach("other.example", "10.2.2.3")
    assert not rules.may_reach("ntfy.office.example.evil.example", "192.168.1.7")


@pytest.mark.parametrize(
    "url",
    [
        "http://push.example.org/", "ftp://push.example.org/", "file:///etc/passwd", "gopher://push.example.org/",
        "https://push.example.org:22/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
        "https://10.0.0.1./x",
    ],
)  # fmt: skip
def test_other_schemes_ports_and_addresses_inside_are_refused_before_any_name_is_asked(url: str) -> None:
    with pytest.raises(NotAllowedOut):
        Rules().target(url)


@pytest.mark.parametrize(
    "url",
    [
        "https:///x", "https://", "https://a b/", "https://push.example.org:99999/", "https://push.example.org:0/",
        "https://[fe80::1%25eth0]/", "https://[::1/", "https://pusch.münchen.example/", "https://a/\r\nHost: b",
        "https://a/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_from_what_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Rules().target(url)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_ways_to_write_an_address_are_names_which_are_judged_when_they_were_looked_up(host: str) -> None:
    assert Rules().target(f"https://{host}/").host == host
    assert not Rules().may_reach(host, "127.0.0.1")


def test_what_a_url_says() -> None:
    target = Rules().target("HTTPS://me:p%40ss@Push.Example.ORG:8443/a/b?c=d#e")
    assert (target.origin, target.path) == ("https://push.example.org:8443", "/a/b?c=d")
    assert (target.user, target.password, target.url) == ("me", "p@ss", "https://push.example.org:8443/a/b?c=d")
    assert Rules().target("https://push.example.org:443").url == "https://push.example.org/"
