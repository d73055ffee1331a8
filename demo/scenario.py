"""What happens in the demo: fill, bind, sync, edit in three places at once, delete, and look again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from rich.console import Console
from rich.progress import track

from demo import phone
from demo.checks import Checks
from demo.colleagues import Colleagues
from demo.customers import Customers
from demo.dav_client import DavCollection
from demo.hub import Hub
from demo.items import DemoItem, demo_items
from demo.office_scenario import Offices
from demo.offices import Office
from demo.patience import soon
from demo.servers import KINDS, DemoServer

_QUIET = 5.0  # seconds in which nothing may be written once everything is everywhere
_COLLECTIONS = {"contact": "Contacts", "event": "Agenda", "task": "Tasks"}


class Demo:
    """The scenario."""

    def __init__(
        self,
        console: Console,
        servers: dict[str, DemoServer],
        offices: tuple[Office, ...],
        hub: Hub,
        port: int,
    ) -> None:
        self.console = console
        self.servers = servers
        self.offices = offices
        self.hub = hub
        self.port = port
        self.checks = Checks()
        self.phone: dict[str, DavCollection] = {}
        self.device: dict[str, Any] = {}

    def run(self, stack: ExitStack) -> list[dict[str, object]]:
        """Everything, in order; the checks as rows."""
        items = demo_items()
        self._fill(items)
        self._set_up()
        self._first_sync(items)
        url = stack.enter_context(self.hub.serving(self.port))
        self.phone = phone.connect(url, self.device["user"], self.device["password"])
        self._check_all_there(items)
        self._edit_everywhere()
        self._delete_on_the_phone()
        self._check_quiet()
        Colleagues(self.console, self.hub, self.device, self.checks).run(url)
        Offices(self.console, self.hub, self.offices, self._places, self.checks).run()
        Customers(self.console, self.hub, self.offices, self._places, self.checks).run(url)
        return self.checks.rows

    def stay(self) -> None:
        """Stay up for real phones until Ctrl-C."""
        self.console.print(
            f"\nThe hub is up. Connect a phone or Thunderbird on this machine:\n"
            f"  address   {self.device['url']}\n  user      {self.device['user']}\n"
            f"  password  {self.device['password']}\nCtrl-C ends the demo."
        )
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            self.console.print("Ending.")

    # ------------------------------------------------------------ steps

    def _fill(self, items: list[DemoItem]) -> None:
        a = self.servers["A"]
        self.console.print(f"A is {a.label} at {a.server.url}, B is Xandikos at {self.servers['B'].server.url}")
        for item in track(items, "Filling A with contacts, events and tasks", console=self.console, transient=True):
            suffix = "vcf" if item.kind == "contact" else "ics"
            a.collections[item.kind].put(f"{item.uid}.{suffix}", item.text)
        self.console.print(f"Filled A with {len(items)} items; B is empty.\n")

    def _set_up(self) -> None:
        self.hub.init()
        self.hub.configure(self.port)
        for name, at in self.servers.items():
            where = ("--url", at.server.url, "--username", at.server.username)
            self.hub.run("account", "add", name, *where, secret=f"{at.server.password}\n")
            for kind, collection in at.collections.items():
                what = ("--account", name, "--remote", collection.url, "--collection", _COLLECTIONS[kind])
                self.hub.run("binding", "add", f"{name} {_COLLECTIONS[kind]}", *what, "--kind", kind)
        self.hub.run("user", "add", "ada", "--name", "Ada")
        self.device = self.hub.ask("device", "add", "ada", "Phone")

    def _first_sync(self, items: list[DemoItem]) -> None:
        a, b = self.servers["A"].collections, self.servers["B"].collections
        before = [a[kind].etags() for kind in KINDS]
        self.hub.run("sync")
        untouched = [a[kind].etags() for kind in KINDS] == before
        written = sum(len(b[kind].etags()) for kind in KINDS)
        found = f"A {'untouched' if untouched else 'written to'}, B {written} new"
        self.checks.add("the first sync wrote each item once", untouched and written == len(items), found)

    def _edit_everywhere(self) -> None:
        self.console.print("Editing on A, on B and on the phone, one contact in three places at the same time ...")
        a, b = self.servers["A"].collections, self.servers["B"].collections
        a["event"].edit("event-001", _replaced("SUMMARY:Site visit 1", "SUMMARY:Changed on A"))
        b["task"].edit("task-001", _replaced("SUMMARY:Call contact 1", "SUMMARY:Changed on B"))
        self.phone["event"].edit("event-002", _replaced("SUMMARY:Stand-up 2", "SUMMARY:Changed on the phone"))
        a["contact"].edit("contact-004", _replaced("Met at the fair", "Note from A"))
        b["contact"].edit("contact-004", _replaced("Main Street 4", "Street from B 4"))
        self.phone["contact"].edit("contact-004", _replaced("contact4@example.org", "phone4@example.org"))
        self._check_edit("edited on A", "event", "event-001", "Changed on A")
        self._check_edit("edited on B", "task", "task-001", "Changed on B")
        self._check_edit("edited on the phone", "event", "event-002", "Changed on the phone")
        texts = ("Note from A", "Street from B 4", "phone4@example.org")
        self._check_edit("one card edited on all three at once", "contact", "contact-004", *texts)
        kept = ("PHOTO", "X-CUSTOMER-NUMBER", "X-ABLABEL", "CATEGORIES")
        self._check_edit("its photo, X- properties and labels", "contact", "contact-004", *kept)

    def _delete_on_the_phone(self) -> None:
        self.phone["contact"].delete("contact-007")
        places = self._places("contact")
        gone = soon(lambda: all("contact-007" not in place.items() for place in places.values()))
        self.checks.add("deleted on the phone, gone everywhere", gone, "A, B, phone")

    # ------------------------------------------------------------ checks

    def _check_all_there(self, items: list[DemoItem]) -> None:
        for kind in KINDS:
            expected = {item.uid for item in items if item.kind == kind}
            places = self._places(kind)
            held = soon(lambda p=places, e=expected: all(set(c.items()) == e for c in p.values()))  # type: ignore[misc]
            found = ", ".join(f"{name} {len(place.items())}" for name, place in places.items())
            self.checks.add(f"all {len(expected)} {kind}s on A, B and the phone, none twice", held, found)
            same = self.checks.same_content([place.items() for place in places.values()])
            self.checks.add(f"{kind}s have the same content everywhere", same == len(expected), f"{same} the same")

    def _check_edit(self, what: str, kind: str, uid: str, *texts: str) -> None:
        places = self._places(kind)

        def arrived() -> bool:
            return all(_holds(place.items()[uid].text, texts) for place in places.values())

        self.checks.add(f"{what}, there everywhere", soon(arrived), ", ".join(places))

    def _check_quiet(self) -> None:
        def versions() -> list[dict[str, str]]:
            return [place.etags() for kind in KINDS for place in self._places(kind).values()]

        self.hub.sync()
        before = versions()
        time.sleep(_QUIET)
        done = self.hub.sync()
        self.checks.add("further cycles write nothing", versions() == before and done == 0, f"{done} writes")
        conflicts = len(self.hub.ask("conflicts", "list"))
        quarantined = len(self.hub.ask("quarantine", "list"))
        self.checks.add(
            "no conflict, nothing in quarantine", conflicts + quarantined == 0, f"{conflicts + quarantined}"
        )

    def _places(self, kind: str) -> dict[str, DavCollection]:
        places = {name: at.collections[kind] for name, at in self.servers.items()}
        return places | {"phone": self.phone[kind]}


def _replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def _holds(text: str, wanted: tuple[str, ...]) -> bool:
    flat = text.replace("\r\n ", "").replace("\n ", "").upper()
    return all(w.upper() in flat for w in wanted)
