"""From an address to the collections: RFC 6764 6, RFC 5397, RFC 4791 6.2.1, RFC 6352 7.1.1.

Calendars are found by the caldav library, address books, which it does not know, by our own questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urljoin

from connectors.dav.questions import Questions
from connectors.dav.xml_bodies import APPLE, CALDAV, CARDDAV, RESOURCE_TYPE, propfind
from connectors.dav.xml_reader import Resource
from connectors.settings import ConnectorSettings
from sync_engine.errors import CollectionGone, NotAuthorised, SuspectListing, SyncError, Throttled, Unavailable
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

_WHO = propfind("d:current-user-principal", "d:resourcetype", "c:calendar-home-set", "r:addressbook-home-set")
_WHAT = propfind(
    "d:resourcetype",
    "d:displayname",
    "d:current-user-privilege-set",
    "c:supported-calendar-component-set",
    "a:calendar-color",
)
_PRINCIPAL = "{DAV:}current-user-principal"
_CALENDARS, _BOOKS = f"{{{CALDAV}}}calendar-home-set", f"{{{CARDDAV}}}addressbook-home-set"
_CALENDAR, _BOOK = f"{{{CALDAV}}}calendar", f"{{{CARDDAV}}}addressbook"
_RIGHTS = "{DAV:}current-user-privilege-set"
_WRITING = frozenset(f"{{DAV:}}{name}" for name in ("all", "write", "write-content", "bind"))
_KINDS = {"VEVENT": Kind.EVENT, "VTODO": Kind.TASK}
_WELL_KNOWN = ("/.well-known/caldav", "/.well-known/carddav")


class Discovery:
    """Finds the collections of one account."""

    def __init__(self, settings: ConnectorSettings, questions: Questions) -> None:
        self._url = settings.url
        self._questions = questions

    def collections(self) -> Sequence[RemoteCollection]:
        """All calendars, task lists and address books. Raises the errors of a read."""
        start = self.start()
        found: dict[str, RemoteCollection] = {}
        for home in self._homes(start):
            found.update((c.id, c) for c in self._inside(home))
        return list(found.values())

    def start(self) -> tuple[str, Resource]:
        """The address that knows who is signed in, and what it says: the account's own or a well-known one."""
        failure: SyncError | None = None
        for url in (self._url, *(urljoin(self._url, path) for path in _WELL_KNOWN)):
            try:
                said = self._who(url)
            except (NotAuthorised, Throttled):
                raise
            except (CollectionGone, Unavailable, SuspectListing) as err:
                failure = failure or err
                continue
            if said.found.keys() & {_PRINCIPAL, _CALENDARS, _BOOKS} or _is_collection(said):
                return url, said
        raise failure or Unavailable(f"{self._url} does not say who is signed in; is it the address of a DAV server?")

    def principal(self, start: tuple[str, Resource]) -> tuple[str, Resource]:
        """The address of the user who is signed in, and what it says."""
        url, said = start
        hrefs = said.found[_PRINCIPAL].hrefs if _PRINCIPAL in said.found else ()
        if not hrefs:
            return start
        principal = urljoin(url, hrefs[0])
        return principal, self._who(principal)

    def _homes(self, start: tuple[str, Resource]) -> Iterator[str]:
        """Ids of the collections that hold the calendars and address books; the address itself when it is one."""
        from connectors.dav.library import calendar_urls  # slow to import, and only needed here

        url, said = start
        if _is_collection(said):
            yield self._questions.id_of(url, url)
            return
        principal, about = self.principal(start)
        calendars = [self._questions.id_of(u, url) for u in calendar_urls(url, self._questions.transport)]
        books = [self._questions.id_of(urljoin(principal, h), url) for h in _hrefs(about, _BOOKS)]
        yield from dict.fromkeys([*(_folder(c) for c in calendars), *books])

    def _inside(self, home: str) -> Iterator[RemoteCollection]:
        answer = self._questions.propfind(home, _WHAT, depth=1)
        for resource in answer.resources:
            remote_id = self._questions.id_of(resource.href, home)
            collection = _collection(remote_id if remote_id.endswith("/") else f"{remote_id}/", resource)
            if collection is not None and collection.kinds:
                yield collection

    def _who(self, url: str) -> Resource:
        remote_id = self._questions.id_of(url, url)
        answer = self._questions.propfind(remote_id, _WHO, depth=0)
        if not answer.resources:
            raise SuspectListing(f"{url} answered without a word about itself; is it the address of a DAV server?")
        return answer.resources[0]


def _hrefs(said: Resource, name: str) -> tuple[str, ...]:
    return said.found[name].hrefs if name in said.found else ()


def _is_collection(said: Resource) -> bool:
    kind = said.found.get(RESOURCE_TYPE)
    return kind is not None and bool(kind.names & {_CALENDAR, _BOOK})


def _folder(remote_id: str) -> str:
    return remote_id.rstrip("/").rpartition("/")[0] + "/"


def _collection(remote_id: str, said: Resource) -> RemoteCollection | None:
    if not _is_collection(said):
        return None
    rights = said.found.get(_RIGHTS)
    name = said.text("{DAV:}displayname").strip() or remote_id.rstrip("/").rpartition("/")[2]
    read_only = rights is not None and bool(rights.names) and not rights.names & _WRITING
    return RemoteCollection(remote_id, name, _kinds(said), read_only, _color(said.text(f"{{{APPLE}}}calendar-color")))


def _kinds(said: Resource) -> frozenset[Kind]:
    if _BOOK in said.found[RESOURCE_TYPE].names:
        return frozenset({Kind.CONTACT})
    components = said.found.get(f"{{{CALDAV}}}supported-calendar-component-set")
    if components is None or not components.component_names:
        return frozenset(_KINDS.values())
    return frozenset(kind for name, kind in _KINDS.items() if name in components.component_names)


def _color(written: str) -> str:
    """Without the transparency that Apple writes behind it."""
    color = written.strip()[:7].upper()
    return color if len(color) == 7 and color.startswith("#") and color[1:].isalnum() else ""
