"""Bounds that hold before any parser sees a mail (QUALITY.md). What is beyond them is told in `Mail.problems`."""

from __future__ import annotations

MAIL = 50 * 1024 * 1024  # octets
PARTS = 500  # leaves of a mail
DEPTH = 20  # of parts in parts
HEADERS = 1_000  # of a mail or of a part
HEADER = 128 * 1024  # octets of one, unfolded
ADDRESSES = 500  # of all headers together
ADDRESS_LISTS = 2 * HEADER  # octets of all headers of one name that list addresses
ADDRESS = 320  # characters
NAME = 200  # characters of a person's name
SUBJECT = 1_000  # characters
IDS = 100  # of References, the newest
ID = 998  # characters of a Message-ID: a line (RFC 5322, 2.1.1)
TEXT = 1_000_000  # characters
HTML = 1_000_000  # characters
CALENDARS = 10
CALENDAR = 1024 * 1024  # octets
FILE_NAME = 200  # characters
