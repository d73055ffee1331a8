"""One gateway and one request to it, as the handlers see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, TypeVar

from dav_gateway.answers import Refused, not_allowed, not_found
from dav_gateway.elements import Element, read_xml
from dav_gateway.first_look import FirstLook
from dav_gateway.paths import Area, Place, address, place_of_href
from dav_gateway.push.offer import Offer
from dav_gateway.push.quiet import HEADER, quietly
from dav_gateway.scheduling.boxes import box_at, is_box, with_boxes
from dav_gateway.scheduling.outsiders import Nobody, Outsiders
from dav_gateway.uploads import FileLimits
from storage.database import Database, run
from storage.dav_birthdays import BIRTHDAYS, birthdays_of
from storage.dav_principals import Principal, principal_named
from storage.dav_sharing import WRITE, Home, home_of
from storage.dav_store import Shelf, SignedIn, collection_at, collections_of, delegated, everything_of
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.limits import CARD_OCTETS, EVENT_OCTETS
from sync_engine.ports import Clock, Origin

Result = TypeVar("Result")

HOMES = frozenset((Area.CALENDARS, Area.ADDRESSBOOKS))
OVERHEAD = 1024 * 1024  # octets a request may be longer than the largest item


@dataclass(frozen=True, slots=True)
class Limits:
    """How large things may be, in octets."""

    event: int = EVENT_OCTETS  # an event or task with all its overrides
    card: int = CARD_OCTETS
    files: FileLimits = field(default_factory=FileLimits)

    def of(self, *, contacts: bool) -> int:
        """The largest item of a collection."""
        return self.card if contacts else self.event

    @property
    def body(self) -> int:
        """The largest request."""
        return max(self.event, self.card) + OVERHEAD


@dataclass(frozen=True, slots=True)
class Site:
    """A gateway."""

    database: Database
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    prefix: str = ""  # what a proxy in front puts before every path: "/hub"
    base_url: str = ""  # under which clients know it: "https://cal.example.com/hub"; "" where nobody said
    push: Offer | None = None  # of WebDAV-Push
    outsiders: Outsiders = field(default_factory=Nobody)  # the way to guests that are no users of ours
    birthdays: bool = True  # whether each user has a calendar of his contacts' birthdays


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a signed-in user, read in full."""

    site: Site
    who: SignedIn
    method: str
    path: str  # percent-encoded
    place: Place
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    query: str = ""  # percent-encoded
    upload: BinaryIO | None = None  # the body where it is a file (see `uploads`); `body` is empty then
    scheme: str = "http"  # or https
    first: FirstLook | None = None  # the transaction in which the user was signed in

    def xml(self) -> Element | None:
        """The body's root element; None for an empty body."""
        return read_xml(self.body)

    @property
    def depth(self) -> str:
        """The Depth header: 0, 1 or infinity; "" when it is not given."""
        return self.headers.get("depth", "").strip().lower()

    @property
    def minimal(self) -> bool:
        """Whether properties that are not there shall be left out (RFC 8144, and Apple's older Brief)."""
        preferred = self.headers.get("prefer", "").lower().replace(" ", "")
        return "return=minimal" in preferred or self.headers.get("brief", "").strip().lower() == "t"

    @property
    def origin(self) -> Origin:
        """Who makes the change, for the history."""
        return Origin(f"user {self.who.user}, device {self.who.device}", user_id=self.who.user_id)

    @property
    def now(self) -> datetime:
        """The present time."""
        return self.site.clock()

    def address(self, place: Place) -> str:
        """The path of a place, as this gateway's clients see it."""
        return address(place, self.site.prefix)

    def place_of(self, href: str) -> Place | None:
        """The place of an href that the client sent."""
        return place_of_href(href, self.path, self.site.prefix)

    def principal(self, user: str = "") -> str:
        """The path of a user's principal; of the signed-in user's without a name."""
        return self.address(Place(Area.PRINCIPALS, user or self.who.user))

    def home(self, area: Area) -> str:
        """The path of the signed-in user's calendars or address books."""
        return self.address(Place(area, self.who.user))

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A consistent view for reading. Nothing is sent while it is open: the client may be slow."""
        with self.first.reading() if self.first else self.site.database.read() as unit:
            yield unit

    def write(self, work: Callable[[SqlUnitOfWork], Result]) -> Result:
        """Do `work` in a write transaction; once more when it met another. Raises `storage.errors`."""
        if self.first:
            self.first.close()
        if HEADER in self.headers and self.site.push is not None:
            work = quietly(work, self.headers, self.who.user_id, self.who.user, self.site.prefix)
        return run(self.site.database, work, tries=2)

    def home_at(self, unit: SqlUnitOfWork) -> Home:
        """Whose home this request is about: the user's own, or one that was opened to him as a delegate.

        Raises `Refused` (404) for everybody else's.
        """
        place = self.place
        if place.user == self.who.user:
            return Home(self.who.user_id, self.who.user, WRITE)
        found = None
        if place.area in HOMES and place.user:
            found = home_of(unit.session.connection, place.user, self.who.user_id)
        if found is None:
            raise not_found()
        return found

    def shelves(self, unit: SqlUnitOfWork) -> list[Shelf]:
        """What is in the home that this request is about, as its user sees it. Raises `Refused` (404)."""
        connection, home = unit.session.connection, self.home_at(unit)
        if home.user_id != self.who.user_id:
            return delegated(connection, home, contacts=self.place.contacts)
        calendars, books = everything_of(connection, home.user_id)
        if self.place.contacts:
            return books
        birthdays = birthdays_of(books) if self.site.birthdays else None
        return [*with_boxes(calendars, home.user_id, home.user), *([birthdays] if birthdays else [])]

    def shelf_at(self, unit: SqlUnitOfWork) -> Shelf | None:
        """The collection this request is about; None where there is none. Raises `Refused` (404) for a foreign home."""
        home, place = self.home_at(unit), self.place
        if place.area not in HOMES or not place.slug:
            return None
        connection = unit.session.connection
        if home.user_id == self.who.user_id:
            shelf = collection_at(connection, home.user_id, place.slug, contacts=place.contacts)
            return shelf or self._made_up(unit)
        found = delegated(connection, home, contacts=place.contacts)
        return next((shelf for shelf in found if shelf.segment == place.slug), None)

    def _made_up(self, unit: SqlUnitOfWork) -> Shelf | None:
        """What is in the user's calendar home without being stored."""
        who, slug = self.who, self.place.slug
        if self.place.contacts:
            return None
        if slug == BIRTHDAYS and self.site.birthdays:
            return birthdays_of(collections_of(unit.session.connection, who.user_id, contacts=True))
        return box_at(slug, who.user_id, who.user) if is_box(slug) else None

    def shelf(self, unit: SqlUnitOfWork, *, write: str = "") -> Shelf:
        """The collection this request is about. `write` names the privilege that the request needs, if it changes it.

        Raises `Refused` (404) also where the collection is somebody else's.
        """
        shelf = self.shelf_at(unit)
        if shelf is None:
            raise not_found()
        if write and shelf.access != WRITE:
            raise not_allowed(write, self.path_of(shelf))
        return shelf

    def path_of(self, shelf: Shelf, href: str = "") -> str:
        """The path of a collection, or of an item in it, in the home that this request is about."""
        area = Area.ADDRESSBOOKS if shelf.holds_contacts else Area.CALENDARS
        return self.address(Place(area, self.place.user or self.who.user, shelf.segment, href))

    def principal_at(self, unit: SqlUnitOfWork, name: str) -> Principal:
        """A user, as every signed-in user may see him. Raises `Refused` (404) for unknown and blocked ones."""
        principal = principal_named(unit.session.connection, name)
        if principal is None:
            raise not_found()
        return principal

    def must_be_ours(self, unit: SqlUnitOfWork | None = None) -> None:
        """Raises `Refused` (404) for what lies in another user's part of the URL space, unless that was opened to us.

        Asks the store only about homes of others: in `unit`, where a transaction is open already.
        """
        place = self.place
        if place.user in ("", self.who.user):
            return
        if place.area not in HOMES:
            raise not_found()
        if unit is not None:
            self.home_at(unit)
            return
        with self.read() as own:
            self.home_at(own)


def refuse_method(allowed: str) -> Refused:
    """This kind of resource does not have the method."""
    return Refused(405, f"This address takes only {allowed}.", headers={"allow": allowed})
