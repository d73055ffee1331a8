"""Waiting for new mail: by IDLE (RFC 2177), never longer than some minutes at a time, else by looking now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from connectors.imap.failures import HungUp
from connectors.imap.line import Client, ImapLine, Opened

LONGEST = 540.0  # seconds of one IDLE: servers may end it after 30 minutes, routers forget silent lines sooner
_LOOK = 60.0  # seconds between two looks at a server without IDLE
_BEAT = 1.0  # seconds until `stopped` is asked again
_STABLE = 20.0  # seconds after which a server that hangs up only ended a long wait

Stopped = Callable[[], bool]


def wait(line: ImapLine, folder: str, known: dict[str, Opened], seconds: float, stopped: Stopped) -> bool:
    """Until something may have come since the folder was as `known` (True), the time is over or `stopped` (False).

    A folder that nobody looked at may have something. Raises Unavailable when nobody is there any more.
    """
    ends = time.monotonic() + seconds
    while not stopped():
        opened = line.open(folder, afresh=True)
        before, known[folder] = known.get(folder), opened
        if before is None or _grew(before, opened):
            return True
        left = ends - time.monotonic()
        if left <= 0:
            return False
        idles = line.ask(lambda client: client.has_capability("IDLE"))
        if _idle(line, min(left, LONGEST), stopped) if idles else _pause(min(left, _LOOK), stopped):
            return True
    return False


def _grew(known: Opened, now: Opened) -> bool:
    if now.validity != known.validity or now.next_uid != known.next_uid:
        return True
    return now.next_uid == 0 and now.count > known.count


def _idle(line: ImapLine, seconds: float, stopped: Stopped) -> bool:
    """One IDLE. Its end is answered by the server, or it is dead."""
    began = time.monotonic()
    try:
        return line.ask(lambda client: _came(client, began + seconds, stopped))
    except HungUp:
        if time.monotonic() - began < _STABLE:
            raise
        return True  # look, with a new connection


def _came(client: Client, ends: float, stopped: Stopped) -> bool:
    client.idle()
    came = client.told_early or _new(client.idle_check(timeout=0))
    while not came and not stopped() and (left := ends - time.monotonic()) > 0:
        pause, began = min(left, _BEAT), time.monotonic()
        answers = client.idle_check(timeout=pause)
        came = _new(answers)
        if not answers and time.monotonic() - began < pause / 2:
            break  # the library does not tell when the server hung up: it will not answer to the end of the IDLE
    _text, rest = client.idle_done()
    return came or _new(rest)


def _new(answers: Iterable[tuple[object, ...]]) -> bool:
    return any(len(answer) > 1 and answer[1] in {b"EXISTS", b"RECENT"} for answer in answers)


def _pause(seconds: float, stopped: Stopped) -> bool:
    ends = time.monotonic() + seconds
    while not stopped() and (left := ends - time.monotonic()) > 0:
        time.sleep(min(left, _BEAT))
    return False
