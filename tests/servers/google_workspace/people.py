"""The People API: contacts, labels, other contacts, photos. Lines P1-P11 of what Google does.

google.people.book("ada@example.com").add({"names": [{"givenName": "Bob"}]}, photo=b"...")    # as by her own hand
google.people.switches.lag = timedelta(minutes=5)               # PeopleSwitches
google.people.overlaps                                          # changes of one user that ran at the same time
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.servers.google_workspace.people_book import Book
from tests.servers.google_workspace.people_contacts import Contacts
from tests.servers.google_workspace.people_groups import Groups
from tests.servers.google_workspace.people_lists import Lists
from tests.servers.google_workspace.people_others import Listings
from tests.servers.google_workspace.people_switches import PeopleSwitches
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler
from tests.servers.google_workspace.world import World

GATE = 30.0  # seconds that a change waits at most
_LETTER = b"\xff\xd8\xff\xe0 the picture of a letter \xff\xd9"
_RPC = {409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}


class People:
    """An area of the server. Its handlers take the world's lock on their own: only so changes can overlap."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.switches = PeopleSwitches()
        self.lists = Lists(world.switches, self.switches, world.clock)
        self.overlaps = 0  # changes that came while another of the same user ran
        self.photo_requests: list[tuple[str, str]] = []  # digest, Authorization header
        self._books: dict[str, Book] = {}
        self._busy, self._lock = Counter[str](), threading.Lock()

    def book(self, address: str) -> Book:
        """What this user has."""
        address = self._world.user(address).address
        with self._world.lock:
            if address not in self._books:
                self._books[address] = Book(self._world.clock, self.switches, lambda: self.switches.held)
            return self._books[address]

    def running(self, address: str) -> int:
        """How many changes of this user run now."""
        return self._busy[address.lower()]

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        areas = (
            Contacts(self._of),
            Groups(self._of, self.lists),
            Listings(self._of, self.lists),
        )
        reads = {name: self._locked(run) for area in areas for name, run in area.reads().items()}
        return reads | {name: self._alone(run) for area in areas for name, run in area.writes().items()}

    def routes(self) -> list[Route]:
        """The bytes of photos: no token is asked for."""
        return [Route("/photos/{digest}/{rest:path}", self._photo)]

    def _of(self, call: Call) -> Book:
        return self.book(call.user.address)

    def _locked(self, run: Handler) -> Handler:
        def locked(call: Call) -> Answer:
            with self._world.lock:
                return run(call)

        return locked

    def _alone(self, run: Handler) -> Handler:
        """Changes for one user must be sent one after the other (P9)."""

        def alone(call: Call) -> Answer:
            with self._one_at_a_time(call.user.address):
                if self.switches.change_gate is not None:
                    self.switches.change_gate.wait(GATE)
                if self.switches.change_seconds:
                    time.sleep(self.switches.change_seconds)
                return self._locked(run)(call)

        return alone

    @contextmanager
    def _one_at_a_time(self, address: str) -> Iterator[None]:
        with self._lock:
            self._busy[address] += 1
            overlapping = self._busy[address] > 1
            self.overlaps += overlapping
        try:
            status = self.switches.overlapping
            if overlapping and status:
                text = "Another change of this user's contacts is running. Changes must be sent sequentially."
                raise GoogleError(status, "aborted", text, rpc=_RPC.get(status, ""))
            yield
        finally:
            with self._lock:
                self._busy[address] -= 1

    async def _photo(self, request: Request) -> Response:
        digest = str(request.path_params["digest"])
        self.photo_requests.append((digest, request.headers.get("authorization", "")))
        if self.switches.photo_status:
            return Response(b"", self.switches.photo_status)
        found = _LETTER if digest == "default" else self._bytes(digest)
        if found is None or self.switches.no_photo_urls:
            return Response(b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", 404, media_type="text/html")
        sort = "image/png" if found.startswith(b"\x89PNG") else "image/jpeg"
        return Response(found + (b"\n" if self.switches.recoded_photos else b""), media_type=sort)

    def _bytes(self, digest: str) -> bytes | None:
        return next((book.photos[digest] for book in self._books.values() if digest in book.photos), None)
