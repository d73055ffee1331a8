"""Exchange, Microsoft 365 and Google join the two DAV servers and the phone: fill, edit, delete, look again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console

from demo.checks import Checks
from demo.dav_client import DavCollection
from demo.hub import Hub
from demo.offices import Look, Office
from demo.patience import soon
from sync_engine.item import Item
from sync_engine.model import Contact, title_of
from tests.series_oracle import occurrences

KINDS = ("contact", "event", "task")
_COLLECTIONS = {"contact": "Contacts", "event": "Agenda", "task": "Tasks"}
_ZONE = ("--zone", "Europe/Zurich")
_QUIET = 5.0  # seconds
_SERIES, _SERIES_UID = "Lunch 5", "event-005"  # its second occurrence is moved, its third cancelled
_PERSON_UID = "contact-004"  # has a photo and is in two groups

Places = Callable[[str], dict[str, DavCollection]]


class Offices:
    """The second half of the demo."""

    def __init__(self, console: Console, hub: Hub, offices: Sequence[Office], places: Places, checks: Checks) -> None:
        self.console = console
        self.hub = hub
        self.offices = {office.name: office for office in offices}
        self.places = places  # the DAV servers and the phone, by kind
        self.checks = checks

    def run(self) -> None:
        """Everything, in order."""
        names = ", ".join(self.offices)
        self.console.print(f"\nNow mailboxes at {names} join; all are empty.")
        self._join()
        self._check_filled()
        self._check_series_and_person()
        self._edit()
        self._delete()
        self._check_quiet()

    # ------------------------------------------------------------ steps

    def _join(self) -> None:
        for office in self.offices.values():
            joining, account = office.joining(), office.account_name
            self.hub.run("account", "add", account, *joining.words, *_ZONE, secret=f"{joining.secret}\n")
            for kind in KINDS:
                what = ("--account", account, "--remote", joining.collections[kind], "--collection", _COLLECTIONS[kind])
                self.hub.run("binding", "add", f"{account} {_COLLECTIONS[kind]}", *what, "--kind", kind)

    def _edit(self) -> None:
        self.console.print("Editing in Outlook, in the browser at Google, and on the phone ...")
        edits = {
            "Exchange": ("event", "Training 8", "Changed at Exchange"),
            "Microsoft 365": ("event", "Offer 9", "Changed at Microsoft 365"),
            "Google": ("event", "Lunch 14", "Changed at Google"),
        }
        for name, edit in edits.items():
            self.offices[name].rename(*edit)
        self.offices["Microsoft 365"].rename("task", "Call contact 2", "Changed in To Do")
        self.offices["Google"].rename("task", "Call contact 5", "Changed in Google Tasks")
        self._phone_edit("event", "event-010", "SUMMARY:Site visit 10", "SUMMARY:Changed on the phone again")
        for name, (kind, _, title) in edits.items():
            self._check_everywhere(f"an {kind} edited at {name}", kind, title)
        self._check_everywhere("a task edited in To Do", "task", "Changed in To Do")
        self._check_everywhere("a task edited in Google Tasks", "task", "Changed in Google Tasks")
        self._check_everywhere("an event edited on the phone", "event", "Changed on the phone again")
        self._contact_keeps_what_outlook_cannot_hold()

    def _contact_keeps_what_outlook_cannot_hold(self) -> None:
        name = next(title for title in sorted(self.offices["Exchange"].titles("contact")) if title.endswith(" 12"))
        self.offices["Exchange"].rename("contact", name, "Renamed in Outlook")
        self._check_everywhere("a contact renamed in Outlook", "contact", "Renamed in Outlook")
        kept = ("PHOTO", "X-CUSTOMER-NUMBER", "X-ABLABEL", "item1.URL")
        texts = [place.items()["contact-012"].text.upper() for place in self.places("contact").values()]
        held = all(word.upper() in text for word in kept for text in texts)
        self.checks.add("its photo, X- properties and labels, on the DAV servers and the phone", held, ", ".join(kept))

    def _delete(self) -> None:
        self.offices["Google"].delete("task", "Call contact 3")

        def gone() -> bool:
            return all("Call contact 3" not in titles for titles in self._titles("task").values())

        self.checks.add("deleted in Google Tasks, gone everywhere", soon(gone), ", ".join(self._titles("task")))

    # ------------------------------------------------------------ checks

    def _titles(self, kind: str) -> dict[str, Counter[str]]:
        found = {office.name: office.titles(kind) for office in self.offices.values()}
        for name, place in self.places(kind).items():
            found[name] = Counter(title_of(Item.read(held.text).record) for held in place.held())
        return found

    def _check_filled(self) -> None:
        for kind in KINDS:

            def same(kind: str = kind) -> bool:
                first, *others = self._titles(kind).values()
                return bool(first) and all(other == first for other in others)

            held = soon(same)
            counts = {name: titles.total() for name, titles in self._titles(kind).items()}
            found = ", ".join(f"{name} {count}" for name, count in counts.items())
            self.checks.add(f"the same {kind}s in all six places, none twice", held, found)

    def _check_series_and_person(self) -> None:
        """As each system shows them itself: expanded by it, with its own picture and labels."""
        name = title_of(Item.read(self.places("contact")["A"].items()[_PERSON_UID].text).record)

        def looks() -> dict[str, Look]:
            found = {office.name: office.look(name, _SERIES) for office in self.offices.values()}
            return found | {place: self._look_at(place) for place in self.places("event")}

        def same(seen: dict[str, Look]) -> bool:
            first, *others = seen.values()
            return all(other == first for other in others) and first.photo and len(first.starts) == 7

        soon(lambda: same(looks()))
        seen = looks()
        starts = ", ".join(f"{place} {len(look.starts)}" for place, look in seen.items())
        alike = len({look.starts for look in seen.values()}) == 1
        self.checks.add("a series, one occurrence moved, one cancelled: the same everywhere", alike, starts)
        photos = all(look.photo for look in seen.values())
        self.checks.add("a person's photo is everywhere", photos, f"{sum(look.photo for look in seen.values())} places")
        groups = {look.groups for look in seen.values()}
        found = "; ".join(", ".join(sorted(names)) for names in groups)
        self.checks.add("in the same groups everywhere", len(groups) == 1, found)

    def _look_at(self, place: str) -> Look:
        person = Item.read(self.places("contact")[place].items()[_PERSON_UID].text).record
        assert isinstance(person, Contact)
        shown = occurrences(self.places("event")[place].items()[_SERIES_UID].text)
        starts = frozenset(datetime.fromisoformat(start) for start, _ in shown)
        return Look(starts, person.photo is not None, frozenset(person.categories))

    def _check_everywhere(self, what: str, kind: str, title: str) -> None:
        def arrived() -> bool:
            return all(titles[title] == 1 for titles in self._titles(kind).values())

        self.checks.add(f"{what}, there everywhere", soon(arrived), ", ".join(self._titles(kind)))

    def _check_quiet(self) -> None:
        def versions() -> list[dict[str, str]]:
            etags = [place.etags() for kind in KINDS for place in self.places(kind).values()]
            return [*(office.versions() for office in self.offices.values()), *etags]

        self.hub.sync()
        before = versions()
        time.sleep(_QUIET)
        self.checks.add("six places, and nobody writes any more", versions() == before, f"{len(before[0])} items each")
        mails = sum(office.mails() for office in self.offices.values())
        self.checks.add("no invitation or cancellation was mailed", mails == 0, f"{mails} mails")
        told: list[Any] = [*self.hub.ask("conflicts", "list"), *self.hub.ask("quarantine", "list")]
        self.checks.add("still no conflict, nothing in quarantine", not told, f"{len(told)}")

    def _phone_edit(self, kind: str, uid: str, old: str, new: str) -> None:
        self.places(kind)["phone"].edit(uid, lambda text: text.replace(old, new))
