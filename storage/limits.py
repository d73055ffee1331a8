"""What the tables can hold: values for people are cut to it, values that identify are refused."""

from __future__ import annotations

from storage.errors import StoreRefused
from sync_engine.errors import Rejected
from sync_engine.item import Item

LONGEST_ID = 700  # characters of UIDs, hrefs and remote ids
LONGEST_VERSION = 400


def cut(value: str, length: int) -> str:
    """A value for people, in at most `length` UTF-16 units (SQL Server counts those) and without NUL."""
    value = clean(value)
    if value.isascii() or len(value) * 2 <= length:
        return value[:length]
    return value.encode("utf-16-le")[: length * 2].decode("utf-16-le", "ignore")


def clean(value: str) -> str:
    """A text of any length that every database can hold: no NUL, no half characters."""
    if "\0" in value:
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def check_remote(remote_id: str, remote_uid: str = "") -> None:
    """Raises `StoreRefused` for identifiers of a remote item that do not fit: such an item cannot be linked."""
    for name, value in (("id", remote_id), ("UID", remote_uid)):
        if len(value) > LONGEST_ID:
            raise StoreRefused(f"Its {name} has {len(value):,} characters; AgendaHub stores at most {LONGEST_ID}.")
        if clean(value) != value:
            raise StoreRefused(f"Its {name} contains a character that no database stores.")


def trusted(version: str) -> str:
    """A remote version; one of absurd length is as good as none, as half of it says nothing."""
    return version if len(version) <= LONGEST_VERSION else ""


def check_item(item: Item) -> None:
    """Raises `Rejected` for an item that not every database can hold as it is."""
    if not item.uid or len(item.uid) > LONGEST_ID:
        raise Rejected(f"Its UID has {len(item.uid):,} characters; AgendaHub stores UIDs of 1 to {LONGEST_ID}.")
    if "\0" in item.text:
        raise Rejected("It contains a NUL character, which no calendar or address book may (RFC 5545 3.1).")
    if not item.text.isascii():
        _check_characters(item.text)


def _check_characters(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as err:
        raise Rejected("It contains half of a character (a lone surrogate), which cannot be stored.") from err
