"""Message-IDs that only we can make (REQUESTS.md 3)."""

from __future__ import annotations

import pytest

from crm.answer.signed_ids import make, request_of

KEY = b"k" * 32


def test_q03_our_own_message_id_names_its_request() -> None:
    made = make(KEY, 2026, "Example.ORG")
    assert made.endswith("@example.org")
    assert request_of(KEY, made) == 2026
    assert request_of(KEY, f" <{made.upper()}> ") == 2026, "some programs fold the case or keep the brackets"
    assert make(KEY, 2026, "example.org") != made


def test_q03_nobody_else_can_make_one() -> None:
    made = make(KEY, 17, "example.org")
    assert request_of(b"x" * 32, made) is None
    assert request_of(b"", made) is None
    number, nonce, signature = made.partition("@")[0].split(".")
    for guessed in (
        f"r18.{nonce}.{signature}@example.org",
        f"{number}.{nonce[::-1]}.{signature}@example.org",
        f"{number}.{nonce}.{'a' * 26}@example.org",
        f"{number}.{nonce}.{signature[:-1]}@example.org",
        f"r017.{nonce}.{signature}@example.org",
        f"{number}.{nonce}.{signature}",
        "r17@example.org",
        "",
    ):
        assert request_of(KEY, guessed) is None, guessed


def test_q03_another_domain_does_not_matter() -> None:
    """Some gateways write their own behind the @; what counts stands before it."""
    local = make(KEY, 17, "example.org").partition("@")[0]
    assert request_of(KEY, f"{local}@mail.example.net") == 17


@pytest.mark.parametrize("domain", ["", "a b.example", "x>\r\nBcc: <y@z", "exämple.org"])
def test_a_domain_that_no_mail_has_is_refused(domain: str) -> None:
    with pytest.raises(ValueError):
        make(KEY, 1, domain)


def test_a_key_is_needed() -> None:
    with pytest.raises(ValueError):
        make(b"", 1, "example.org")
