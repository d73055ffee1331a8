"""LOCK and UNLOCK (RFC 4918 9.10, 9.11), and the properties that tell of locks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import timedelta

from dav_gateway.answers import XML, Answer, Refused
from dav_gateway.elements import DECLARED, HEAD, Element, dav, first, href, inner_xml
from dav_gateway.files import if_header
from dav_gateway.files.locked import covers, key_of, locked, must_be_unlocked, present_locks, root_of
from dav_gateway.files.tree import may_write, must_have_folder, spot_of
from dav_gateway.files.writing import make_empty
from dav_gateway.site import Call
from dav_gateway.wanted import must_be
from storage.dav_file_locks import FileLock, add_lock, remove_locks, renew_lock
from storage.dav_files import lock_files
from storage.unit_of_work import SqlUnitOfWork

SUPPORTED = "".join(
    f"<D:lockentry><D:lockscope><D:{scope}/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
    for scope in ("exclusive", "shared")
)
_LONGEST = 3600  # seconds
_LONGEST_OWNER = 4096  # characters
_MOST = 1000  # locks of a user
_SECONDS = re.compile(r"\s*Second-(\d{1,10})", re.IGNORECASE)


def lock(call: Call) -> Answer:
    """The answer to LOCK: 200, or 201 where it made an empty file; without a body it renews a lock."""
    call.must_be_ours()
    root = call.xml()
    if root is None:
        kept = call.write(lambda unit: _renew(call, unit))
        return Answer(200, _body(call, [kept]), {"content-type": XML})
    wanted = _wanted(call, must_be(root, dav("lockinfo")))
    created = call.write(lambda unit: _lock(call, unit, wanted))
    headers = {"content-type": XML, "lock-token": f"<{wanted.token}>"}
    return Answer(201 if created else 200, _body(call, [wanted]), headers)


def _wanted(call: Call, info: Element) -> FileLock:
    scope, kind = first(info, dav("lockscope")), first(info, dav("locktype"))
    exclusive, shared = first(scope, dav("exclusive")) is not None, first(scope, dav("shared")) is not None
    if exclusive == shared or first(kind, dav("write")) is None:
        raise Refused(422, "There are exclusive and shared write locks.")
    if call.depth not in ("", "0", "infinity"):
        raise Refused(400, "A lock is on one resource or on all below it (Depth: 0 or infinity).")
    owner = first(info, dav("owner"))
    written = inner_xml(owner) if owner is not None else ""
    if len(written) > _LONGEST_OWNER:
        raise Refused(507, "What it says of its owner is too long.")
    token = f"urn:uuid:{uuid.uuid4()}"
    return FileLock(token, key_of(call.place.steps), call.depth != "0", exclusive, written, call.now + _lasts(call))


def _lasts(call: Call) -> timedelta:
    found = _SECONDS.match(call.headers.get("timeout", ""))
    return timedelta(seconds=min(int(found[1]), _LONGEST) if found else _LONGEST)


def _lock(call: Call, unit: SqlUnitOfWork, wanted: FileLock) -> bool:
    """Put it on; tells whether it made a file."""
    connection = unit.session.connection
    lock_files(connection, call.who.user_id)
    spot = spot_of(call, unit)
    locks = present_locks(call, unit)
    may = (one for one in locks if covers(one, wanted.path) or (wanted.deep and covers(wanted, one.path)))
    other = next((one for one in may if one.exclusive or wanted.exclusive), None)
    if other is not None:
        raise locked(call, other.path, "no-conflicting-lock")
    if len(locks) >= _MOST:
        raise Refused(507, "There are too many locks on these files.")
    if spot.entry is None:
        folder = must_have_folder(spot)
        may_write(call, spot)
        must_be_unlocked(call, locks, member=True)
        make_empty(call, unit, folder)
    add_lock(connection, call.who.user_id, wanted, call.now)
    return spot.entry is None


def _renew(call: Call, unit: SqlUnitOfWork) -> FileLock:
    lock_files(unit.session.connection, call.who.user_id)
    shown = if_header.submitted(call.headers.get("if", ""))
    if not shown:
        raise Refused(400, "Say which lock shall last longer: with the header If.")
    key = key_of(call.place.steps)
    found = next((one for one in present_locks(call, unit) if one.token in shown and covers(one, key)), None)
    if found is None:
        raise Refused(412, "There is no such lock any more.", condition="<D:lock-token-matches-request-uri/>")
    later = call.now + _lasts(call)
    renew_lock(unit.session.connection, found.token, later)
    return found._replace(expires_at=later)


def unlock(call: Call) -> Answer:
    """The answer to UNLOCK: 204."""
    call.must_be_ours()
    token = call.headers.get("lock-token", "").strip().removeprefix("<").removesuffix(">")
    if not token:
        raise Refused(400, "Say which lock: with the header Lock-Token.")
    call.write(lambda unit: _unlock(call, unit, token))
    return Answer(204)


def _unlock(call: Call, unit: SqlUnitOfWork, token: str) -> None:
    lock_files(unit.session.connection, call.who.user_id)
    key = key_of(call.place.steps)
    if not any(one.token == token and covers(one, key) for one in present_locks(call, unit)):
        raise Refused(409, "There is no such lock here.", condition="<D:lock-token-matches-request-uri/>")
    remove_locks(unit.session.connection, [token])


# ---------------------------------------------------------------- as XML


def _body(call: Call, locks: Iterable[FileLock]) -> bytes:
    found = f"<D:lockdiscovery>{discovery(call, locks)}</D:lockdiscovery>"
    return f"{HEAD}<D:prop {DECLARED}>{found}</D:prop>\n".encode()


def discovery(call: Call, locks: Iterable[FileLock]) -> str:
    """Active locks (RFC 4918 14.1)."""
    return "".join(_active(call, one) for one in locks)


def _active(call: Call, one: FileLock) -> str:
    scope = "exclusive" if one.exclusive else "shared"
    seconds = max(0, round((one.expires_at - call.now).total_seconds()))
    return (
        f"<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:{scope}/></D:lockscope>"
        f"<D:depth>{'infinity' if one.deep else '0'}</D:depth>{one.owner}<D:timeout>Second-{seconds}</D:timeout>"
        f"<D:locktoken>{href(one.token)}</D:locktoken><D:lockroot>{href(root_of(call, one.path))}</D:lockroot>"
        "</D:activelock>"
    )
