"""The mails themselves, byte for byte, without marking them read; several in one request, but not too many octets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from connectors.imap.cursor import uid_of
from connectors.imap.failures import HungUp
from connectors.imap.line import ImapLine
from sync_engine.errors import Rejected

LARGEST = 100 * 2**20  # octets of a mail that is fetched; no provider takes such a one
AT_ONCE = 4 * 2**20  # octets, and mails, in one answer: all of it is in memory
_MAILS = 50
_SIZES = 200  # asked for at once


def raws(
    line: ImapLine, folder: str, ids: Sequence[str], told: Mapping[str, int]
) -> Iterator[tuple[str, bytes | None]]:
    """Each id with its mail, or None when it is gone. Raises Rejected at the turn of a mail that cannot be had.

    `told`: sizes that are known already.
    """
    left = iter(ids)
    while some := list(islice(left, _SIZES)):
        known = all(one in told for one in some)
        for group in _groups(some, told if known else _sizes(line, folder, some)):
            yield from _mails(line, folder, group)


def _sizes(line: ImapLine, folder: str, ids: Sequence[str]) -> Mapping[str, int]:
    """Of those that are there. Where the server cannot tell, each is large enough for an answer of its own."""
    uids = _uids(line, folder, ids)
    try:
        found = _fetch(line, folder, list(uids.values()), "RFC822.SIZE")
    except Rejected:
        return dict.fromkeys(ids, AT_ONCE)
    return {one: int(found[uid].get(b"RFC822.SIZE") or 0) for one, uid in uids.items() if uid in found}


def _groups(ids: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """In their order, so many that each answer is of a bearable size. Raises Rejected."""
    group: list[str] = []
    octets = 0
    for one in ids:
        size = sizes.get(one, 0)
        if group and (octets + size > AT_ONCE or len(group) == _MAILS):
            yield group
            group, octets = [], 0
        if size > LARGEST:
            if group:
                yield group
            raise Rejected(f"The mail has {size // 2**20} MiB; more than {LARGEST // 2**20} are not read.")
        group.append(one)
        octets += size
    if group:
        yield group


def _mails(line: ImapLine, folder: str, ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    """One answer; where the server fails at it, one mail at a time, so that one bad mail stops no other."""
    try:
        found = _bodies(line, folder, ids)
    except (Rejected, HungUp):
        for one in ids:
            yield one, _alone(line, folder, one)
        return
    for one in ids:
        yield one, found.get(one)


def _alone(line: ImapLine, folder: str, one: str) -> bytes | None:
    """Some servers hang up when they meet a mail whose file is damaged: then the mail is at fault, not the line."""
    try:
        return _bodies(line, folder, [one]).get(one)
    except HungUp:
        line.open(folder, afresh=True)  # raises when it is the line
    try:
        return _bodies(line, folder, [one]).get(one)
    except HungUp as err:
        line.open(folder, afresh=True)
        said = f"{line.host} ends the connection whenever this mail is asked for."
        raise Rejected(said, server_said=err.server_said) from err


def _bodies(line: ImapLine, folder: str, ids: Sequence[str]) -> Mapping[str, bytes]:
    """Of those that are there. Raises Rejected when one is, and is not given."""
    uids = _uids(line, folder, ids)
    found = _fetch(line, folder, list(uids.values()), "BODY.PEEK[]")
    bodies = {one: found.get(uid, {}).get(b"BODY[]") for one, uid in uids.items()}
    missing = [uids[one] for one, body in bodies.items() if not isinstance(body, bytes)]
    if missing and any(b"FLAGS" in row for row in _fetch(line, folder, missing, "FLAGS").values()):
        raise Rejected(f"{line.host} gives nothing for a mail that is there; it may be damaged.")
    return {one: body for one, body in bodies.items() if isinstance(body, bytes)}


def _uids(line: ImapLine, folder: str, ids: Sequence[str]) -> dict[str, int]:
    validity = line.open(folder).validity
    known = ((one, uid_of(one, validity)) for one in ids)
    return {one: uid for one, uid in known if uid is not None}


def _fetch(line: ImapLine, folder: str, uids: Sequence[int], what: str) -> Mapping[int, Mapping[bytes, Any]]:
    try:
        found: Mapping[int, Mapping[bytes, Any]] = line.ask(lambda client: client.fetch(uids, [what]), of_mails=True)
    except Rejected as err:
        if "EXPUNGEISSUED" not in err.server_said:
            raise
        line.open(folder, afresh=True)  # somebody deleted one of them; now the server knows that we know
        found = line.ask(lambda client: client.fetch(uids, [what]), of_mails=True)
    return found
