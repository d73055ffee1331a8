"""Exchange and Microsoft 365 join the two DAV servers and the phone: fill, edit there, delete there, look again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from rich.console import Console

from demo.checks import Checks
from demo.dav_client import DavCollection
from demo.hub import Hub
from demo.offices import OUTLOOK, CloudOffice, ExchangeOffice, Office
from demo.patience import soon
from sync_engine.item import Item
from sync_engine.model import title_of

KINDS = ("contact", "event", "task")
_COLLECTIONS = {"contact": "Contacts", "event": "Agenda", "task": "Tasks"}
_AT_EXCHANGE = {"contact": "Contacts", "event": "Calendar", "task": "Tasks"}
_IN_THE_CLOUD = {"contact": "Contacts", "event": "Calendar", "task": "Tasks"}
_ZONE = ("--zone", "Europe/Zurich")
_QUIET = 5.0  # seconds

Places = Callable[[str], dict[str, DavCollection]]


class Offices:
    """The second half of the demo."""

    def __init__(
        self, console: Console, hub: Hub, offices: tuple[ExchangeOffice, CloudOffice], places: Places, checks: Checks
    ) -> None:
        self.console = console
        self.hub = hub
        self.exchange, self.cloud = offices
        self.places = places  # the DAV servers and the phone, by kind
        self.checks = checks

    def run(self) -> None:
        """Everything, in order."""
        self.console.print("\nNow a mailbox at Exchange and one at Microsoft 365 join; both are empty.")
        self._join()
        self._check_filled()
        self._edit()
        self._delete()
        self._check_quiet()

    # ------------------------------------------------------------ steps

    def _join(self) -> None:
        at_exchange = ("--connector", "exchange", "--url", self.exchange.site.url, "--username", OUTLOOK, *_ZONE)
        self.hub.run("account", "add", "Outlook", *at_exchange, secret="secret\n")
        in_the_cloud = (
            "--connector",
            "microsoft365",
            "--url",
            f"{self.cloud.graph.url}/v1.0",
            "--auth",
            "bearer",
            *_ZONE,
        )
        self.hub.run("account", "add", "Cloud", *in_the_cloud, secret=f"{self.cloud.token}\n")
        for account, names in (("Outlook", _AT_EXCHANGE), ("Cloud", _IN_THE_CLOUD)):
            for kind in KINDS:
                what = ("--account", account, "--remote", names[kind], "--collection", _COLLECTIONS[kind])
                self.hub.run("binding", "add", f"{account} {_COLLECTIONS[kind]}", *what, "--kind", kind)

    def _edit(self) -> None:
        self.console.print("Editing in Outlook at both, and on the phone ...")
        self.exchange.rename("event", "Training 8", "Changed at Exchange")
        self.cloud.rename("event", "Offer 9", "Changed at Microsoft 365")
        self.cloud.rename("task", "Call contact 2", "Changed in To Do")
        self._phone_edit("event", "event-010", "SUMMARY:Site visit 10", "SUMMARY:Changed on the phone again")
        self._check_everywhere("an event edited at Exchange", "event", "Changed at Exchange")
        self._check_everywhere("an event edited at Microsoft 365", "event", "Changed at Microsoft 365")
        self._check_everywhere("a task edited in To Do", "task", "Changed in To Do")
        self._check_everywhere("an event edited on the phone", "event", "Changed on the phone again")
        self._contact_keeps_what_outlook_cannot_hold()

    def _contact_keeps_what_outlook_cannot_hold(self) -> None:
        name = next(title for title in sorted(self.exchange.titles("contact")) if title.endswith(" 12"))
        self.exchange.rename("contact", name, "Renamed in Outlook")
        self._check_everywhere("a contact renamed in Outlook", "contact", "Renamed in Outlook")
        kept = ("PHOTO", "X-CUSTOMER-NUMBER", "X-ABLABEL", "item1.URL")
        texts = [place.items()["contact-012"].text.upper() for place in self.places("contact").values()]
        held = all(word.upper() in text for word in kept for text in texts)
        self.checks.add("its photo, X- properties and labels, on the DAV servers and the phone", held, ", ".join(kept))

    def _delete(self) -> None:
        self.cloud.delete("task", "Call contact 3")

        def gone() -> bool:
            return all("Call contact 3" not in titles for titles in self._titles("task").values())

        self.checks.add("deleted in To Do, gone everywhere", soon(gone), ", ".join(self._titles("task")))

    # ------------------------------------------------------------ checks

    def _titles(self, kind: str) -> dict[str, Counter[str]]:
        offices: tuple[Office, ...] = (self.exchange, self.cloud)
        found = {office.name: office.titles(kind) for office in offices}
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
            self.checks.add(f"the same {kind}s in all five places, none twice", held, found)

    def _check_everywhere(self, what: str, kind: str, title: str) -> None:
        def arrived() -> bool:
            return all(titles[title] == 1 for titles in self._titles(kind).values())

        self.checks.add(f"{what}, there everywhere", soon(arrived), ", ".join(self._titles(kind)))

    def _check_quiet(self) -> None:
        def versions() -> list[dict[str, str]]:
            etags = [place.etags() for kind in KINDS for place in self.places(kind).values()]
            return [self.exchange.versions(), self.cloud.versions(), *etags]

        soon(lambda: all(row["result"] == "ok" for row in self.hub.ask("sync", may_fail=True)))
        before = versions()
        time.sleep(_QUIET)
        self.checks.add("five places, and nobody writes any more", versions() == before, f"{len(before[0])} items each")
        mails = self.exchange.mails() + self.cloud.mails()
        self.checks.add("no invitation or cancellation was mailed", mails == 0, f"{mails} mails")
        told: list[Any] = [*self.hub.ask("conflicts", "list"), *self.hub.ask("quarantine", "list")]
        self.checks.add("still no conflict, nothing in quarantine", not told, f"{len(told)}")

    def _phone_edit(self, kind: str, uid: str, old: str, new: str) -> None:
        self.places(kind)["phone"].edit(uid, lambda text: text.replace(old, new))
