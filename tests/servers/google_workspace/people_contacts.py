"""Contacts one by one and many at once, and their photos: people.* (P6, P7, P8, P9, P11)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.servers.google_workspace.people_book import Book
from tests.servers.google_workspace.people_checks import check_etag, invalid, written
from tests.servers.google_workspace.people_history import Document, State
from tests.servers.google_workspace.people_person import READABLE, WRITABLE, mask, person
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

MOST_WRITTEN, MOST_DELETED, MOST_READ = 200, 500, 200
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_ME = "people/me"


class Contacts:
    """Handlers. `book` finds a user's book."""

    def __init__(self, book: Callable[[Call], Book]) -> None:
        self._book = book

    def reads(self) -> dict[str, Handler]:
        """They change nothing."""
        return {"people.people.get": self._get, "people.people.getBatchGet": self._batch_get}

    def writes(self) -> dict[str, Handler]:
        """One at a time for each user."""
        return {
            "people.people.createContact": self._create,
            "people.people.updateContact": self._update,
            "people.people.deleteContact": self._delete,
            "people.people.batchCreateContacts": self._batch_create,
            "people.people.batchUpdateContacts": self._batch_update,
            "people.people.batchDeleteContacts": self._batch_delete,
            "people.people.updateContactPhoto": self._put_photo,
            "people.people.deleteContactPhoto": self._remove_photo,
        }

    # ------------------------------------------------------------ reads

    def _get(self, call: Call) -> Answer:
        fields = mask(call.text("personFields"), READABLE, "personFields")
        return Answer(self._read(call, call.text("resourceName"), fields))

    def _batch_get(self, call: Call) -> Answer:
        fields, names = mask(call.text("personFields"), READABLE, "personFields"), call.params.get("resourceNames", [])
        if not names or len(names) > MOST_READ:
            raise invalid(f"Resource names must be 1 to {MOST_READ}.")
        return Answer({"responses": [self._one_of_many(call, name, fields) for name in names]})

    def _one_of_many(self, call: Call, name: str, fields: frozenset[str]) -> Document:
        try:
            told, code = {"person": self._read(call, name, fields)}, 200
        except GoogleError as error:
            told, code = {"status": {"code": 5, "message": str(error)}}, error.status
        return {"requestedResourceName": name, "httpStatusCode": code, **told}

    def _read(self, call: Call, name: str, fields: frozenset[str]) -> Document:
        if name == _ME:
            return _own_profile(call, fields)
        try:
            state = self._book(call).of(name)
        except KeyError:
            raise _not_found(name) from None
        return person(state, fields, call.root, call.params.get("sources", []))

    # ------------------------------------------------------------ one by one

    def _create(self, call: Call) -> Answer:
        book = self._book(call)
        fields = mask(call.text("personFields", ",".join(READABLE)), READABLE, "personFields")
        _check_room(book, 1)
        return Answer(self._told(call, book.add(written(call.body, WRITABLE, book.group)), fields))

    def _update(self, call: Call) -> Answer:
        book, changing = self._book(call), mask(call.text("updatePersonFields"), WRITABLE, "updatePersonFields")
        fields = mask(call.text("personFields", ",".join(READABLE)), READABLE, "personFields")
        state = self._state(book, call.text("resourceName"))
        return Answer(self._told(call, self._changed(book, state, call.body, changing), fields))

    def _delete(self, call: Call) -> Answer:
        book = self._book(call)
        book.remove(self._state(book, call.text("resourceName")).name)
        return Answer({})

    # ------------------------------------------------------------ many at once: all of them, or none

    def _batch_create(self, call: Call) -> Answer:
        book, given = self._book(call), [one.get("contactPerson", {}) for one in call.body.get("contacts", [])]
        _check_count(given, MOST_WRITTEN)
        fields = self._mask_of_batch(call)

        _check_room(book, len(given))

        def checked(place: int) -> Document:
            return written(given[place], WRITABLE, book.group)

        found = _all_or_none("BatchCreateContactsErrorDetails", range(len(given)), checked)
        made = [book.add(one) for one in found]
        return Answer({"createdPeople": [self._response(call, state, fields) for state in made]} if fields else {})

    def _batch_update(self, call: Call) -> Answer:
        book, given = self._book(call), call.body.get("contacts", {})
        _check_count(given, MOST_WRITTEN)
        fields, changing = self._mask_of_batch(call), mask(call.body.get("updateMask", ""), WRITABLE, "updateMask")

        def checked(name: str) -> tuple[State, Document]:
            state = self._state(book, name)
            return state, self._checked(book, state, given[name], changing)

        found = _all_or_none("BatchUpdateContactsErrorDetails", list(given), checked)
        made = {name: book.change(state.name, more) for name, (state, more) in zip(given, found, strict=True)}
        told = {name: self._response(call, state, fields, name) for name, state in made.items()}
        return Answer({"updateResult": told} if fields else {})

    def _batch_delete(self, call: Call) -> Answer:
        book, names = self._book(call), call.body.get("resourceNames", [])
        _check_count(names, MOST_DELETED)
        for state in [self._state(book, name) for name in names]:
            book.remove(state.name)
        return Answer({})

    def _mask_of_batch(self, call: Call) -> frozenset[str]:
        text = call.body.get("readMask", "")
        return mask(text, READABLE, "readMask") if text else frozenset()

    def _response(self, call: Call, state: State, fields: frozenset[str], name: str = "") -> Document:
        told = {"httpStatusCode": 200, "person": self._told(call, state, fields), "status": {}}
        return told | ({"requestedResourceName": name} if name else {})

    # ------------------------------------------------------------ photos

    def _put_photo(self, call: Call) -> Answer:
        text = call.body.get("photoBytes", "").replace("-", "+").replace("_", "/")
        photo = base64.b64decode(text + "=" * (-len(text) % 4))
        if not photo.startswith(_IMAGES):
            raise invalid("Photo must be a JPEG or PNG.")
        return self._photo_shown(call, photo, call.body.get("personFields", ""), call.body.get("sources", []))

    def _remove_photo(self, call: Call) -> Answer:
        return self._photo_shown(call, b"", call.text("personFields"), call.params.get("sources", []))

    def _photo_shown(self, call: Call, photo: bytes, fields: str, sources: list[str]) -> Answer:
        book = self._book(call)
        state = self._state(book, call.text("resourceName"))
        if not photo and not state.photo:
            raise _not_found(state.name, "Contact photo")
        state = book.show_photo(state.name, photo)
        if not fields:
            return Answer({})
        return Answer({"person": person(state, mask(fields, READABLE, "personFields"), call.root, sources)})

    # ------------------------------------------------------------ what they share

    def _changed(self, book: Book, state: State, body: Document, changing: frozenset[str]) -> State:
        return book.change(state.name, self._checked(book, state, body, changing))

    def _checked(self, book: Book, state: State, body: Document, changing: frozenset[str]) -> Document:
        check_etag(state, body, book.switches.etag_is_enough)
        return written(body, changing, book.group, state)

    def _state(self, book: Book, name: str) -> State:
        try:
            return book.contacts.get(name)
        except KeyError:
            raise _not_found(name) from None

    def _told(self, call: Call, state: State, fields: frozenset[str]) -> Document:
        sources: list[str] = call.params.get("sources") or call.body.get("sources") or []
        return person(state, fields, call.root, sources)


def _all_or_none(kind: str, keys: Sequence[Any], check: Callable[[Any], Any]) -> list[Any]:
    """What `check` makes of each. GoogleError with the faults of all, if there is one."""
    found, wrong = [], {}
    for key in keys:
        try:
            found.append(check(key))
        except GoogleError as error:
            wrong[str(key)] = {"code": 9 if error.rpc == "FAILED_PRECONDITION" else 3, "message": str(error)}
            first = error
    if wrong:
        details = {"@type": f"type.googleapis.com/google.people.v1.{kind}", "contactErrors": wrong}
        raise GoogleError(first.status, first.reason, str(first), rpc=first.rpc, details=[details])
    return found


def _check_room(book: Book, more: int) -> None:
    if len(book.contacts.living()) + more > book.switches.most_contacts:
        raise GoogleError(429, "rateLimitExceeded", "MY_CONTACTS_OVERFLOW_COUNT", domain="usageLimits")


def _check_count(given: Sequence[Any] | Mapping[str, Any], most: int) -> None:
    if not 0 < len(given) <= most:
        raise invalid(f"A batch must have 1 to {most} contacts.")


def _own_profile(call: Call, fields: frozenset[str]) -> Document:
    metadata = {"primary": True, "source": {"type": "PROFILE", "id": "1"}, "verified": True}
    told: Document = {"resourceName": "people/1", "etag": "%me"}
    if "names" in fields:
        told["names"] = [{"metadata": metadata, "displayName": call.user.name}]
    if "emailAddresses" in fields:
        told["emailAddresses"] = [{"metadata": metadata, "value": call.user.address}]
    if "metadata" in fields:
        told["metadata"] = {"sources": [{"type": "PROFILE", "id": "1", "etag": "#me"}], "objectType": "PERSON"}
    return told


def _not_found(name: str, what: str = "Contact person resource") -> GoogleError:
    return GoogleError(404, "notFound", f"{what} {name} was not found.")
