"""To whom Microsoft's servers send a mail: to all whom its headers name, so they must name whom it is for."""

from __future__ import annotations

import email
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.outgoing_mail import addressed, bracketed
from sync_engine.errors import Rejected

EVA, OTTO = "eva@customer.example", "otto@customer.example"


def mail(headers: str, end: str = "\r\n") -> bytes:
    return "\n".join([headers, "Subject: x", "", "To: nobody@in.the.text", ""]).replace("\n", end).encode()


@pytest.mark.parametrize(
    "headers",
    [
        f"To: {EVA}\nCc: {OTTO}",
        f'To: "Blau, Eva" <{EVA}>,\n {OTTO}',
        f"To: =?utf-8?q?Bl=C3=A1=2C?= <{EVA}>\nBcc: Otto <{OTTO}>",
        f"to: {EVA.upper()}\nCC: {OTTO}",
        f"To: Team: {EVA}, {OTTO};",
        f"To: Žofie <{EVA}>, {OTTO}",
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_mail_that_names_its_recipients_stays_as_it_is(headers: str, end: str) -> None:
    assert addressed(mail(headers, end), [EVA, OTTO]) == mail(headers, end)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_hidden_recipients_are_named_in_a_header_of_their_own(end: str) -> None:
    raw = mail(f"To: {EVA}", end)
    made = addressed(raw, [EVA, OTTO, "third@x.example"])
    assert made == f"Bcc: {OTTO},{end} third@x.example{end}".encode() + raw


_PEOPLE = st.from_regex(r"[a-z0-9č]{1,9}[.+_'-]?[a-z0-9č]{1,9}@[a-z0-9]{1,9}[.][a-z]{2,5}", fullmatch=True)


@given(st.lists(_PEOPLE, min_size=1, max_size=20, unique=True))
def test_all_recipients_can_be_read_again(people: list[str]) -> None:
    raw = addressed(mail("To: undisclosed-recipients:;"), people)
    made = email.message_from_string(raw.decode())
    assert [address for _, address in getaddresses([made["Bcc"]])] == people
    assert made["Subject"] == "x"


@pytest.mark.parametrize("headers", [f"To: {EVA}, {OTTO}", f"To: {EVA}\nCc: x <{OTTO}>", f"To: {EVA}\nBcc: {OTTO}"])
def test_who_would_get_it_and_is_not_meant_is_said(headers: str) -> None:
    with pytest.raises(Rejected, match=r"otto@customer\.example"):
        addressed(mail(headers), [EVA])


@pytest.mark.parametrize("recipients", [[], [""], ["eva"], ["a b@x"], ["a@b\r\nX: y"], [f"{EVA},{OTTO}"], ["<a@b>"]])
def test_what_is_no_address_is_refused(recipients: list[str]) -> None:
    with pytest.raises(Rejected):
        addressed(mail(f"To: {EVA}"), recipients)


@pytest.mark.parametrize("told", ["a@b", "<a@b>", " <a@b> "])
def test_message_ids_have_brackets(told: str) -> None:
    assert bracketed(told) == "<a@b>"
