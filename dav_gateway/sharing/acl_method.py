"""ACL (RFC 3744 8.1): the list of whom a collection is shared with, as access control entries.

An entry gives one user ``DAV:read``, or ``DAV:write`` beside it. Who is not in the list has no share any more. What is
not of people (the owner's own entry) is protected and stands in no request.
"""

from __future__ import annotations

from dav_gateway.answers import Answer, Refused, not_allowed
from dav_gateway.elements import Element, cal, children, dav, first, text_of
from dav_gateway.sharing.people import person_of
from dav_gateway.sharing.share import MOST, can_be_shared
from dav_gateway.site import HOMES, Call
from dav_gateway.wanted import must_be
from storage.dav_sharing import READ, WRITE, set_share, sharees_of
from storage.unit_of_work import SqlUnitOfWork

_READING = {dav("read"), dav("read-current-user-privilege-set"), cal("read-free-busy")}
_WRITING = {dav("write"), dav("write-content"), dav("write-properties"), dav("bind"), dav("unbind")}


def answer(call: Call) -> Answer:
    """The answer to an ACL request: 200, or nothing was changed."""
    call.must_be_ours()
    place = call.place
    if place.area not in HOMES or not place.slug or place.href:
        raise Refused(403, "Only collections are shared.", condition="<D:no-protected-ace-conflict/>")
    call.write(lambda unit: _set(call, unit))
    return Answer(200)


def _set(call: Call, unit: SqlUnitOfWork) -> None:
    shelf = call.shelf(unit)
    if not can_be_shared(call, shelf):
        raise not_allowed("write-acl", call.path_of(shelf))
    wanted = _wanted(call, unit, must_be(call.xml(), dav("acl")))
    if shelf.owner_id in wanted:
        raise _refused("no-protected-ace-conflict", "The owner may do everything anyway.")
    connection = unit.session.connection
    for sharee in sharees_of(connection, [shelf.id]).get(shelf.id, []):
        if sharee.person.user_id not in wanted:
            set_share(connection, shelf.id, sharee.person.user_id, "")
    for number, access in sorted(wanted.items()):
        set_share(connection, shelf.id, number, access)


def _wanted(call: Call, unit: SqlUnitOfWork, acl: Element) -> dict[int, str]:
    """What each user shall be given."""
    wanted: dict[int, str] = {}
    for ace in list(acl.iterchildren(dav("ace")))[: MOST + 1]:
        grant, principal = first(ace, dav("grant")), first(ace, dav("principal"))
        if first(ace, dav("protected")) is not None or first(ace, dav("inherited")) is not None:
            continue  # some programs send back what they were given
        if first(ace, dav("invert")) is not None:
            raise _refused("no-invert", "Entries for all but one are not offered.")
        if grant is None or principal is None:
            raise _refused("grant-only", "Privileges are given, not denied.")
        person = person_of(call, unit, text_of(first(principal, dav("href"))))
        if person is None:
            raise _refused("recognized-principal", "Entries name users of this server.")
        wanted[person.user_id] = WRITE if WRITE in (wanted.get(person.user_id), _access(grant)) else READ
    if len(wanted) > MOST:
        raise _refused("limited-number-of-aces", f"Share with at most {MOST} people.")
    return wanted


def _access(grant: Element) -> str:
    named = {str(child.tag) for privilege in grant.iterchildren(dav("privilege")) for child in children(privilege)}
    if dav("all") in named:
        raise _refused("no-abstract", "Give read, or read and write.")
    if not named or named - _READING - _WRITING:
        raise _refused("not-supported-privilege", "Give read, or read and write.")
    return WRITE if named & _WRITING else READ


def _refused(condition: str, sentence: str) -> Refused:
    return Refused(403, sentence, condition=f"<D:{condition}/>")
