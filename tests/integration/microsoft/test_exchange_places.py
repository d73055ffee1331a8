"""Exchange has numbered places for addresses, numbers and handles; which stands where, a card does not tell (R20)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.item import Item
from sync_engine.model import Contact, Kind
from sync_engine.ports import Changed, RemoteRef, Write
from tests.integration.microsoft.exchange_desk import Desk, desk_of_ada


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def card(*lines: str) -> Item:
    text = "".join(f"{line}\r\n" for line in ("VERSION:3.0", "UID:ada", "FN:Ada", "N:;Ada;;;", *lines))
    return Item.read(f"BEGIN:VCARD\r\n{text}END:VCARD\r\n")


def became(desk: Desk, first: Item, then: Item) -> Contact:
    """What Exchange has after both were written."""
    place = desk.place(Kind.CONTACT)
    (ref,) = desk.connector.write(place, [Write(None, first, key="key")])
    assert isinstance(ref, RemoteRef)
    (base,) = desk.connector.fetch(place, [ref.id])
    assert isinstance(base, Changed)
    (answer,) = desk.connector.write(place, [Write(base.ref, then, base.item)])
    assert isinstance(answer, RemoteRef)
    (found,) = desk.connector.fetch(place, [ref.id])
    assert isinstance(found, Changed)
    assert isinstance(found.item.record, Contact)
    return found.item.record


FIRST = ("EMAIL;TYPE=PREF:a@x.org", "EMAIL;TYPE=HOME:c@x.org", "EMAIL;TYPE=WORK:b@x.org")
"""Exchange keeps this order and no types; who reads it back knows the first, and sorts the others."""


@pytest.mark.parametrize("chosen", ["b@x.org", "c@x.org"])
def test_r20_another_first_address_loses_none(desk: Desk, chosen: str) -> None:
    others = sorted({"a@x.org", "b@x.org", "c@x.org"} - {chosen})
    lines = [f"EMAIL;TYPE=PREF:{chosen}", *(f"EMAIL:{other}" for other in others)]
    emails = became(desk, card(*FIRST), card(*lines)).emails
    assert [email.value for email in emails] == [chosen, *others]


def test_r20_of_two_numbers_at_home_the_other_one_stays(desk: Desk) -> None:
    first = card("TEL;TYPE=HOME,PREF:+41 2", "TEL;TYPE=HOME:+41 1")
    phones = became(desk, first, card("TEL;TYPE=HOME:+41 1", "TEL;TYPE=HOME:+41 3")).phones
    assert [phone.value for phone in phones] == ["+41 1", "+41 3"]


def test_r20_of_several_handles_the_others_stay(desk: Desk) -> None:
    first = card("IMPP;TYPE=HOME:sip:c@x.org", "IMPP;TYPE=WORK:sip:a@x.org", "IMPP;TYPE=WORK:sip:b@x.org")
    chats = became(desk, first, card("IMPP:sip:a@x.org", "IMPP:sip:b@x.org", "IMPP:sip:d@x.org")).chats
    assert [chat.value for chat in chats] == ["sip:a@x.org", "sip:b@x.org", "sip:d@x.org"]
