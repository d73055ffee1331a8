"""Lists of contacts and of other contacts, searches, and making an other contact one's own (P1-P5, P11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.servers.google_workspace.people_book import Book
from tests.servers.google_workspace.people_checks import invalid
from tests.servers.google_workspace.people_history import Document, State
from tests.servers.google_workspace.people_lists import Lists
from tests.servers.google_workspace.people_person import OF_OTHERS, READABLE, mask, person
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

MOST_FOUND = 30
_COPIED = frozenset({"emailAddresses", "names", "phoneNumbers"})


class Listings:
    """Handlers. `book` finds a user's book."""

    def __init__(self, book: Callable[[Call], Book], lists: Lists) -> None:
        self._book, self._lists = book, lists

    def reads(self) -> dict[str, Handler]:
        """They change nothing."""
        return {
            "people.people.connections.list": self._connections,
            "people.people.searchContacts": self._search,
            "people.otherContacts.list": self._others,
            "people.otherContacts.search": self._search_others,
        }

    def writes(self) -> dict[str, Handler]:
        """One at a time for each user."""
        return {"people.otherContacts.copyOtherContactToMyContactsGroup": self._copy}

    def _connections(self, call: Call) -> Answer:
        if call.text("resourceName") != "people/me":
            raise invalid("Resource name must be people/me.")
        fields, book = mask(call.text("personFields"), READABLE, "personFields"), self._book(call)
        found, more = self._lists.page(call, book.contacts, 100)
        people = _people(call, found, fields)
        if call.text("syncToken") and "metadata" in fields:
            people = [_with_former_names(one, state) for one, state in zip(people, found, strict=True)]
        count = len(book.contacts.living())
        told: Document = {"connections": people} if people else {}
        return Answer({**told, **more, "totalItems": count, "totalPeople": count})

    def _others(self, call: Call) -> Answer:
        fields, book = mask(call.text("readMask"), OF_OTHERS, "readMask"), self._book(call)
        found, more = self._lists.page(call, book.others, 100)
        people = _people(call, found, fields)
        return Answer({**({"otherContacts": people} if people else {}), **more, "totalSize": len(book.others.living())})

    def _search(self, call: Call) -> Answer:
        book = self._book(call)
        return self._found(call, book, "contacts", mask(call.text("readMask"), READABLE, "readMask"))

    def _search_others(self, call: Call) -> Answer:
        book = self._book(call)
        return self._found(call, book, "others", mask(call.text("readMask"), OF_OTHERS - {"photos"}, "readMask"))

    def _found(self, call: Call, book: Book, kind: str, fields: frozenset[str]) -> Answer:
        """Nothing that was written since the last warm-up, an empty query, is found."""
        query = call.text("query").strip().lower()
        history = book.contacts if kind == "contacts" else book.others
        if not query:
            book.searched[kind] = history.living()
            return Answer({})
        found = [state for state in book.searched.get(kind, []) if any(_begins(text, query) for text in _texts(state))]
        size = min(int(call.params.get("pageSize", 0)) or 10, MOST_FOUND)
        results = [{"person": one} for one in _people(call, found[:size], fields)]
        return Answer({"results": results} if results else {})

    def _copy(self, call: Call) -> Answer:
        book, copied = self._book(call), mask(call.body.get("copyMask", ""), _COPIED, "copyMask")
        try:
            other = book.others.remove(call.text("resourceName"))
        except KeyError:
            raise GoogleError(404, "notFound", "Requested entity was not found.") from None
        before = book.others.shown(other.name, other.number - 1) or other
        made = book.add({name: values for name, values in before.fields.items() if name in copied})
        fields = mask(call.body.get("readMask") or ",".join({*copied, "metadata", "memberships"}), READABLE, "readMask")
        return Answer(person(made, fields, call.root, call.body.get("sources", [])))


def _people(call: Call, found: list[State], fields: frozenset[str]) -> list[Document]:
    return [person(state, fields, call.root, call.params.get("sources", []), listed=True) for state in found]


def _with_former_names(told: Document, state: State) -> Document:
    """Only lists of changes tell them."""
    former = {"previousResourceNames": list(state.formerly)} if state.formerly else {}
    return {**told, "metadata": {**told["metadata"], **former}}


def _texts(state: State) -> Iterator[str]:
    """What a search looks at."""
    for entry in state.fields.get("names", ()):
        yield " ".join(filter(None, (entry.get("givenName"), entry.get("middleName"), entry.get("familyName"))))
        yield entry.get("familyName", "")
    for name in ("nicknames", "emailAddresses", "phoneNumbers"):
        for entry in state.fields.get(name, ()):
            yield entry.get("value", "")
    for entry in state.fields.get("organizations", ()):
        yield entry.get("name", "")


def _begins(text: str, query: str) -> bool:
    return text.lower().startswith(query)
