"""Which requests bring a file, and how large it may be. It is kept beside the memory while it arrives."""

from __future__ import annotations

from dataclasses import dataclass

from dav_gateway.answers import Refused
from dav_gateway.paths import Area, Place

MEMORY = 256 * 1024  # octets of a file that wait in memory; what is longer waits in a temporary file


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Of plain files and attachments."""

    file: int = 25 * 1024 * 1024  # octets of one file or attachment
    total: int = 250 * 1024 * 1024  # octets of all files and attachments of a user
    count: int = 10_000  # files and folders of a user
    attachments: int = 20  # of one event or task


def brings_file(method: str, place: Place | None, query: str) -> bool:
    """Whether the body of a request is a file: it is not read into memory then."""
    if place is None:
        return False
    if place.area is Area.FILES:
        return method == "PUT"
    return method == "POST" and place.area is Area.CALENDARS and bool(place.href) and "action=attachment" in query


def file_too_large(place: Place | None, limits: FileLimits) -> Refused:
    """The refusal of a file: with the precondition of RFC 8607 where it was to be an attachment."""
    condition = "" if place is None or place.area is Area.FILES else "<C:max-attachment-size/>"
    sentence = f"A file may have {limits.file:,} octets here."
    return Refused(403 if condition else 413, sentence, condition=condition)
