"""What the People API keeps of one user: contacts, labels, people met by mail, photos."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime

from tests.servers.google_workspace.people_checks import MY_CONTACTS, group_names
from tests.servers.google_workspace.people_history import Document, History, State
from tests.servers.google_workspace.people_switches import PeopleSwitches

SYSTEM_GROUPS = {
    "myContacts": "My Contacts",
    "starred": "Starred",
    "friends": "Friends",
    "family": "Family",
    "coworkers": "Coworkers",
    "blocked": "Blocked",
    "chatBuddies": "Chat contacts",
    "all": "All Contacts",
}
_FIRST = 1_000_000_000_000_000_000  # numbers of contacts have nineteen digits


class Book:
    """All of it. The methods are a user's hand, e.g. in contacts.google.com; the API's handlers are made of them."""

    def __init__(self, clock: Callable[[], datetime], switches: PeopleSwitches, held: Callable[[], bool]) -> None:
        self.clock, self.switches, self.lock = clock, switches, threading.RLock()
        self.contacts = History(clock, lambda: switches.lag, held)
        self.others = History(clock, lambda: switches.lag, held)
        self.groups = History(clock, lambda: switches.label_lag)
        self.photos: dict[str, bytes] = {}  # by digest
        self.searched: dict[str, list[State]] = {}  # what a warm-up made findable: contacts, others
        self._made = 0

    def add(self, fields: Document, photo: bytes = b"") -> State:
        """A new contact, in My Contacts if its fields name no label."""
        fields = {**fields, "memberships": fields.get("memberships") or [MY_CONTACTS]}
        return self.contacts.put(f"people/c{self._number()}", self._ordered(fields), photo=self.keep_photo(photo))

    def change(self, name: str, fields: Document) -> State:
        """Other values of some fields. Raises KeyError."""
        state = self.contacts.get(name)
        return self.contacts.put(state.name, {**state.fields, **self._ordered(fields)})

    def show_photo(self, name: str, photo: bytes) -> State:
        """A new photo, or none. Raises KeyError."""
        state = self.contacts.get(name)
        return self.contacts.put(state.name, state.fields, photo=self.keep_photo(photo))

    def remove(self, name: str) -> None:
        """Raises KeyError."""
        self.contacts.remove(name)

    def link(self, name: str, profile: Document) -> State:
        """The person has a Google profile, and so the contact has a new name from now on. Raises KeyError."""
        return self.contacts.rename(name, f"people/{self._number()}", profile)

    def meet(self, fields: Document) -> State:
        """Somebody was mailed: an other contact."""
        return self.others.put(f"otherContacts/c{self._number()}", fields)

    def label(self, name: str, client_data: list[Document] | None = None) -> State:
        """A new label."""
        fields = {"name": name, **({"clientData": client_data} if client_data else {})}
        return self.groups.put(f"contactGroups/{self._number():x}", fields)

    def put_label(self, contact: str, group: str, on: bool = True) -> State:
        """Give a contact a label, or take it away. Raises KeyError."""
        state = self.contacts.get(contact)
        rest = [entry for entry in state.fields["memberships"] if group not in group_names({"memberships": [entry]})]
        more = [{"contactGroupMembership": {"contactGroupResourceName": group}}] if on else []
        return self.change(contact, {"memberships": [*rest, *more]})

    def remove_label(self, group: str, with_contacts: bool = False) -> None:
        """Its contacts stay, if not told otherwise; who had no other label is in My Contacts. Raises KeyError."""
        self.groups.remove(group)
        for state in self.members(group):
            if with_contacts:
                self.remove(state.name)
                continue
            if not self.put_label(state.name, group, on=False).fields["memberships"]:
                self.change(state.name, {"memberships": [MY_CONTACTS]})

    def members(self, group: str) -> list[State]:
        """Contacts with a label."""
        return [state for state in self.contacts.living() if group in group_names(state.fields)]

    def group(self, name: str) -> Document | None:
        """Fields of a label or of a system group; None if there is none."""
        short = name.removeprefix("contactGroups/")
        if short in SYSTEM_GROUPS:
            return {"name": short, "system": True}
        try:
            return self.groups.get(name).fields
        except KeyError:
            return None

    def keep_photo(self, photo: bytes) -> str:
        """Its digest; "" for none."""
        if not photo:
            return ""
        digest = hashlib.sha256(photo).hexdigest()[:24]
        self.photos[digest] = photo
        return digest

    def catch_up(self) -> None:
        """Lists show from now on what is written by now (P5)."""
        self.contacts.catch_up()
        self.others.catch_up()
        self.groups.catch_up()

    def of(self, name: str) -> State:
        """The contact that a read by name finds: an old one, if such reads lag. Raises KeyError."""
        state = self.contacts.get(name)
        shown = self.contacts.shown(name, self.contacts.reach()) if self.switches.stale_gets else None
        return shown or state

    def _ordered(self, fields: Document) -> Document:
        """Entries of a field have no guaranteed order."""
        return {name: entries[::-1] for name, entries in fields.items()} if self.switches.other_order else fields

    def _number(self) -> int:
        self._made += 1
        return _FIRST + self._made
