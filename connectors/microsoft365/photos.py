"""A contact's photo: a thing of its own under ``photo/$value`` (G20).

A photo that changes does not always show in the feed of changes, though the contact's version changes with it: such a
change arrives with the contact's next one, or when all is listed. Photos are read only of contacts that say they have
one, so that a first listing does not ask for thousands that are not there.
"""

from __future__ import annotations

import base64
import binascii

from connectors.microsoft365.answers import Answer
from sync_engine.model import Photo

_JPEG = "image/jpeg"


def photo_of(answer: Answer) -> Photo | None:
    """The photo that Graph sent; None where there is none."""
    if not answer.ok or not answer.content:
        return None
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Photo(base64.b64encode(answer.content).decode(), media_type=media_type or _JPEG)


def octets_of(photo: Photo | None) -> bytes:
    """The picture itself; empty where the card has none in it, only an address at most."""
    try:
        return base64.b64decode(photo.data, validate=True) if photo else b""
    except (binascii.Error, ValueError):
        return b""


def media_type_of(photo: Photo | None) -> str:
    """For the request."""
    return (photo.media_type if photo else "") or _JPEG


def same(one: Photo | None, other: Photo | None) -> bool:
    """Whether both show the same picture."""
    return octets_of(one) == octets_of(other)
