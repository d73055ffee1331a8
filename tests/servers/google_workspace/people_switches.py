"""What a test may switch at the People API."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta


@dataclass
class PeopleSwitches:
    """Besides those of the whole server."""

    lag: timedelta = timedelta()  # until lists show what was written (P5); `Book.catch_up` ends it for what is written
    label_lag: timedelta = timedelta()  # the same for labels
    held: bool = False  # lists show nothing that is written while this is on (P5)
    stale_gets: bool = False  # reads by name lag as well, so that their etags are old (P6)
    etag_is_enough: bool = False  # updates need no metadata.sources: Google is milder than its documentation says
    token_life: timedelta = timedelta(days=7)  # of sync tokens, since the full list (P2)
    full_lists: int | None = None  # first pages of full lists that the quota still has (P4); None: no end
    overlapping: int = (
        409  # status of a change while another of the same user runs: 409, 429, 503; 0: it is let through
    )
    change_seconds: float = 0.0  # how long a change runs
    change_gate: threading.Event | None = None  # every change runs until it is set
    other_order: bool = False  # entries of a field come in another order than they were written in
    most_contacts: int = 25_000  # of a user
    recoded_photos: bool = False  # a photo is read as other bytes than were written
    no_photo_urls: bool = False  # the bytes of photos cannot be had (404)
    photo_status: int = 0  # answered instead of the bytes of a photo: 429, 500, 503
