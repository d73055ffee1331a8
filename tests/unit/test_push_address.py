"""Where outside systems can call us, and what is said where they cannot."""

from __future__ import annotations

import pytest

from agendahub.failure import Failure
from agendahub.push_address import public_address

GOOGLE = ""  # of an account without an address: Google's own, or Microsoft's


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://hub.example.org", "https://hub.example.org/push/"),
        ("https://hub.example.org/agenda/", "https://hub.example.org/agenda/push/"),
        ("https://hub.example.org:8443", "https://hub.example.org:8443/push/"),
        ("https://93.184.216.34", "https://93.184.216.34/push/"),
        ("https://local.example.org", "https://local.example.org/push/"),
    ],
)
def test_calls_come_below_the_public_address(base: str, expected: str) -> None:
    assert public_address(base, GOOGLE) == expected


@pytest.mark.parametrize("base", ["", "http://hub.example.org", "http://localhost:8008"])
def test_without_https_nobody_calls(base: str) -> None:
    with pytest.raises(Failure, match="base_url is no https address"):
        public_address(base, GOOGLE)


@pytest.mark.parametrize(
    "host",
    ["localhost", "hub", "hub.local", "HUB.LAN", "a.b.internal", "hub.home.arpa", "hub.local.", "127.0.0.1", "10.1.2.3",
     "[::1]", "[fd00::1]", "192.168.1.10"],
)  # fmt: skip
def test_a_name_that_only_the_house_knows_is_told(host: str) -> None:
    with pytest.raises(Failure, match="cannot reach from the internet; set it to a public name"):
        public_address(f"https://{host}:8443", "https://graph.microsoft.com/v1.0")


def test_a_system_in_a_laboratory_may_call_anywhere() -> None:
    assert public_address("http://127.0.0.1:8008", "http://127.0.0.1:4711/") == "http://127.0.0.1:8008/push/"
    with pytest.raises(Failure):
        public_address("", "http://127.0.0.1:4711/")
