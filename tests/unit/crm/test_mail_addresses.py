"""Strict reading of From (CVE-2023-27043), and what is left where it fails."""

from __future__ import annotations

import pytest

from crm.mail.addresses import normal_address, read_addresses
from crm.mail.model import Mail, Party
from crm.mail.reading import read_mail


def from_(value: str) -> Mail:
    return read_mail(f"From: {value}\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("value", "party"),
    [
        ("ada@x.example", Party("ada@x.example")),
        ("<ADA@X.Example>", Party("ada@x.example")),
        ("Ada L. <ada@x.example>", Party("ada@x.example", "Ada L.")),
        ('"Lovelace, Ada" <ada@x.example>', Party("ada@x.example", "Lovelace, Ada")),
        ('"say \\"hi\\"" <ada@x.example>', Party("ada@x.example", 'say "hi"')),
        ("ada@x.example (Ada (really))", Party("ada@x.example", "Ada (really)")),
        ("(note) Ada <ada@x.example> (more)", Party("ada@x.example", "Ada")),
        ("=?utf-8?q?J=C3=BCrgen?= <j@x.example>", Party("j@x.example", "Jürgen")),
        ('"a b"@x.example', Party('"a b"@x.example')),
        ('"ada"@x.example', Party("ada@x.example")),
        ("ada@[192.0.2.1]", Party("ada@[192.0.2.1]")),
        ("ada@bücher.example", Party("ada@xn--bcher-kva.example")),
        ("ada@straße.example", Party("ada@xn--strae-oqa.example")),
        ("jürgen@x.example", Party("jürgen@x.example")),
    ],
)
def test_q05_exactly_one_address_is_verified(value: str, party: Party) -> None:
    mail = from_(value)
    assert (mail.sender, mail.verified) == (party, True)


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("alice@example.org)bob@example.com", ""),
        ("alice@example.org<bob@example.com>", ""),
        ("alice@example.org <bob@example.com>", ""),
        ("alice@example.org,bob@example.com", ""),
        ("alice@example.org\\<bob@example.com>", ""),
        ("<alice@example.org> <bob@example.com>", ""),
        ("<alice@example.org>bob@example.com", ""),
        ('alice@example.org"<bob@example.com>', ""),
        ("alice@example.org;bob@example.com", ""),
        ("alice@example.org:bob@example.com", ""),
        ("(alice@example.org", "alice@example.org"),
        ("Ada <ada@x.example", "ada@x.example"),
        ("ada@x.example <ada@x.example>", "ada@x.example"),
        ("ada @x.example", ""),
        ("ada@x@y.example", ""),
        ("Group: ada@x.example, bob@x.example;", ""),
        ("nobody", ""),
        ("<>", ""),
        ("", ""),
        ("ada@x_.-example-", ""),
        ("a\x01da@x.example", ""),
    ],
)
def test_q05_anything_else_is_unverified_and_two_addresses_are_nobody(value: str, sender: str) -> None:
    mail = from_(value)
    assert mail.verified is False
    assert mail.sender.address == sender
    assert mail.problems


def test_q05_two_from_headers_are_unverified() -> None:
    mail = read_mail(b"From: a@x.example\nFrom: b@x.example\n\n")
    assert (mail.sender, mail.verified) == (Party(""), False)
    assert mail.problems == ("The mail names several senders.",)
    assert not read_mail(b"From: a@x.example\nFrom: a@x.example\n\n").verified


def test_q05_an_encoded_word_makes_no_address() -> None:
    mail = from_("=?utf-8?q?ceo=40bank.example?= <thief@evil.example>")
    assert mail.sender == Party("thief@evil.example", "ceo@bank.example")
    assert mail.problems == ("The sender's name shows another address than the mail's own.",)
    assert from_("=?utf-8?q?ceo=40bank.example?=").sender.address == ""


def test_groups_and_lists() -> None:
    read = read_addresses("Team: Ada <a@x.example>, b@x.example;, c@x.example, undisclosed-recipients:;")
    assert [party.address for party in read.parties if party.address] == ["a@x.example", "b@x.example", "c@x.example"]
    assert read.strict


@pytest.mark.parametrize("text", ["a@b c", "a@", "@b", "a@.b", "a..b@x", "a@b..c", "a\nb@x", "a@x" + "y" * 400, "a@-b"])
def test_what_is_no_address(text: str) -> None:
    assert normal_address(text) == ""


def test_a_name_keeps_the_marks_of_its_own() -> None:
    def name(value: str) -> str:
        return read_addresses(value).parties[0].name

    assert name('"Mallory, \\"M\\"" <m@example.org>') == 'Mallory, "M"'
    assert name("\"'Ada Lovelace'\" <ada@example.org>") == "Ada Lovelace"
    assert name("Rock 'n' Roll' <r@example.org>") == "Rock 'n' Roll'"
