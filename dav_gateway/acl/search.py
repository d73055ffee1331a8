"""Finding colleagues: principal-property-search and principal-search-property-set (RFC 3744 9.4, 9.5).

Apple's programs add `test` (allof, anyof) to the report and `match-type` to a match, as their own server has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dav_gateway.acl.colleagues import EMAILS, addresses_of
from dav_gateway.answers import XML, Answer, Refused
from dav_gateway.elements import DECLARED, HEAD, Element, cal, children, dav, empty, first, status_response, text_of
from dav_gateway.multistatus import multistatus
from dav_gateway.paths import Area, Place
from dav_gateway.resource import resource_of
from dav_gateway.site import Call
from dav_gateway.wanted import Mode, Wanted, wanted_of
from storage.dav_principals import Principal, principals
from storage.unit_of_work import SqlUnitOfWork

MOST_SEARCHED = 10_000  # users that are looked at
MOST_FOUND = 100
_SEARCHABLE = {
    dav("displayname"): "Name",
    cal("calendar-user-address-set"): "Address in invitations",
    EMAILS: "Address of mail",
}
_PARTS = frozenset(dav(n) for n in ("property-search", "prop", "apply-to-principal-collection-set"))
_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, wanted: wanted in value,
    "starts-with": str.startswith,
    "ends-with": str.endswith,
    "equals": str.__eq__,
}


def property_set(call: Call, report: Element) -> Answer:
    """Which properties can be searched."""
    del call, report
    found = "".join(
        f"<D:principal-search-property><D:prop>{empty(name)}</D:prop>"
        f'<D:description xml:lang="en">{said}</D:description></D:principal-search-property>'
        for name, said in _SEARCHABLE.items()
    )
    body = f"{HEAD}<D:principal-search-property-set {DECLARED}>{found}</D:principal-search-property-set>\n"
    return Answer(200, body.encode(), {"content-type": XML})


def search(call: Call, report: Element) -> Answer:
    """Users whose properties contain what is searched, without regard to case; 507 when more were found than shown."""
    if call.depth not in ("", "0"):
        raise Refused(400, "Principals are searched with Depth: 0.")
    test = _test(report)
    everywhere = first(report, dav("apply-to-principal-collection-set")) is not None
    if not everywhere and (call.place.area not in (Area.ROOT, Area.PRINCIPALS) or call.place.user):
        return multistatus(iter(()))
    with call.read() as unit:
        people = principals(unit.session.connection, MOST_SEARCHED)
        found = [principal for principal in people if test(call, principal)]
        pieces = list(_described(call, unit, report, found[:MOST_FOUND]))
    if len(found) > MOST_FOUND:
        path = call.address(Place(Area.PRINCIPALS))
        pieces.append(status_response(path, 507, "<D:number-of-matches-within-limits/>"))
    return multistatus(iter(pieces))


def _described(call: Call, unit: SqlUnitOfWork, report: Element, found: list[Principal]) -> Iterator[str]:
    wanted = _wanted(call, report)
    for principal in found:
        resource = resource_of(call, unit, Place(Area.PRINCIPALS, principal.name))
        if resource is not None:
            yield resource.described(wanted)


def _wanted(call: Call, report: Element) -> Wanted:
    """The properties asked for. python-caldav 3 writes them beside its empty prop instead of into it."""
    wanted = wanted_of(report, minimal=call.minimal)
    if wanted.names or wanted.mode is not Mode.PROP:
        return wanted
    beside = tuple(str(child.tag) for child in children(report) if child.tag not in _PARTS)
    return replace(wanted, names=beside)


def _test(report: Element) -> Callable[[Call, Principal], bool]:
    """What a user must fulfil. A report without any search, by which some clients list everybody, finds oneself."""
    searches = [_search(element) for element in report.iterchildren(dav("property-search"))]
    if not searches:
        return lambda call, principal: principal.user_id == call.who.user_id
    join = any if report.get("test", "allof") == "anyof" else all
    return lambda call, principal: join(search(call, principal) for search in searches)


def _search(element: Element) -> Callable[[Call, Principal], bool]:
    match, prop = first(element, dav("match")), first(element, dav("prop"))
    names = [] if prop is None else [str(child.tag) for child in children(prop)]
    if match is None or not names:
        raise Refused(400, "A search must name properties and what to find in them.")
    wanted = text_of(match).casefold()
    fits = _MATCHES.get(match.get("match-type", "contains"), _MATCHES["contains"])

    def found(call: Call, principal: Principal) -> bool:
        values = (_values(call, principal, name) for name in names)
        return all(any(fits(value.casefold(), wanted) for value in each) for each in values)

    return found


def _values(call: Call, principal: Principal, name: str) -> list[str]:
    if name == dav("displayname"):
        return [principal.shown]
    if name == cal("calendar-user-address-set"):
        return addresses_of(call, principal)
    return [principal.mail] if name == EMAILS and principal.mail else []
