"""The picture of a contact: an attachment in Exchange, a request of its own elsewhere, and base64 in a record."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace

from sync_engine.model import Contact, Photo

_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class PictureWrite:
    """What to do about the picture of an item that is there."""

    data: bytes | None  # to put there; None: take it away


def picture_of(contact: Contact) -> bytes | None:
    """The picture itself; None where there is none, or only a link to one."""
    if contact.photo is None or not contact.photo.data:
        return None
    try:
        return base64.b64decode(contact.photo.data) or None
    except (binascii.Error, ValueError):  # a card may say anything
        return None


def picture_change(base: Contact, contact: Contact) -> PictureWrite | None:
    """How the picture changed from `base`; None where it did not."""
    before, after = picture_of(base), picture_of(contact)
    return None if before == after else PictureWrite(after)


def with_picture(contact: Contact, data: bytes | None) -> Contact:
    """The contact with what the system holds as its picture."""
    return replace(contact, photo=photo_of(data) if data else None)


def photo_of(data: bytes) -> Photo:
    """A picture as a record has it."""
    return Photo(data=base64.b64encode(data).decode("ascii"), media_type=media_type(data))


def media_type(data: bytes) -> str:
    """What kind of picture this is, by its first bytes; JPEG where they say nothing."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for head, kind in _KINDS if data.startswith(head)), "image/jpeg")


def kept_photo(contact: Contact) -> Photo | None:
    """The photo of a record as it will come back."""
    data = picture_of(contact)
    return photo_of(data) if data else None
