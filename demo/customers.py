"""A customer writes: his mail becomes a request, the request a visit in every agenda, and he gets an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

import requests
from rich.console import Console

from demo.checks import Checks
from demo.cloud_office import CloudOffice
from demo.dav_client import DavCollection
from demo.hub import Hub
from demo.offices import WAIT, Office
from demo.patience import soon
from sync_engine.item import Item
from sync_engine.model import title_of
from tests.servers.microsoft.no_mail import answers_meant
from tests.servers.microsoft.post import deliver, parsed

MAILBOX, CUSTOMER = "cloud@example.net", "rossi@customer.example"
_START = datetime(2026, 12, 1, 9, tzinfo=UTC)
_MOVED = _START + timedelta(days=1)
_QUIET = 3.0  # seconds

Places = Callable[[str], dict[str, DavCollection]]


class Customers:
    """The last part of the demo."""

    def __init__(self, console: Console, hub: Hub, offices: Sequence[Office], places: Places, checks: Checks) -> None:
        self.console = console
        self.hub = hub
        self.offices = offices
        self.places = places
        self.checks = checks
        (self.cloud,) = (office for office in offices if isinstance(office, CloudOffice))
        self.url, self.headers = "", dict[str, str]()

    def run(self, url: str) -> None:
        """Everything, in order; `url` is the hub's."""
        self.url = f"{url}/api/v1"
        self._set_up()
        with answers_meant():  # everything else that could mail somebody is counted with the offices
            request = self._write()
            visit = self._plan(request)
            self._move_on_the_phone(visit)
            self._answer(request)
            self._close(request)

    # ------------------------------------------------------------ steps

    def _set_up(self) -> None:
        self.console.print(f"\nNow mails to {MAILBOX} become customer requests; Ada works on them.")
        self.hub.run("mailbox", "add", "support", "--account", self.cloud.account_name, "--address", MAILBOX)
        self.hub.run("role", "give", "supervisor", "--user", "ada")
        token = self.hub.ask("token", "add", "ada", "--user", "ada")["token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def _write(self) -> Any:
        self._customer_sends("The pump leaks", "Since this morning. Can you come?")
        arrived = soon(lambda: len(self._get("/requests")["cards"]) == 1)
        cards = self._get("/requests")["cards"]
        said = ", ".join(f"{card['number']} {card['subject']}" for card in cards)
        self.checks.add("a customer's mail is a request", arrived, said)
        everywhere = soon(lambda: all(titles["Maria Rossi"] == 1 for titles in self._titles("contact")))
        self.checks.add("who wrote is a contact in all six places", everywhere, "Maria Rossi")
        return self._get(f"/requests/{cards[0]['id']}")

    def _plan(self, request: Any) -> Any:
        self.console.print("Ada plans a visit for it; somebody moves the visit on the phone ...")
        me = self._get("/me")["user_id"]
        work = next(status for status in self._get("/statuses") if status["meaning"] == "open")
        path, body = f"/requests/{request['id']}/status", {"version": request["version"], "status_id": work["id"]}
        refused = self._ask("POST", path, body)
        self.checks.add(
            "no change of status without a responsible", refused.status_code == 422, refused.json()["error"]
        )
        self._ask("POST", path, body | {"responsible_id": me}).raise_for_status()
        plan = {"kind": "visit", "title": "Visit Rossi", "request_id": request["id"], "starts_at": _START.isoformat()}
        visit = self._ask("POST", "/activities", plan).json()
        everywhere = soon(lambda: all(self._count(titles, "Visit Rossi") == 1 for titles in self._titles("event")))
        self.checks.add("a visit planned for it is in all six agendas", everywhere, f"{_START:%Y-%m-%d %H:%M}")
        return visit

    def _move_on_the_phone(self, visit: Any) -> None:
        phone = self.places("event")["phone"]
        texts = {uid: held.text for uid, held in phone.items().items()}
        uid = next(uid for uid, text in texts.items() if "Visit Rossi" in title_of(Item.read(text).record))
        phone.edit(uid, lambda text: text.replace(f"{_START:%Y%m%d}T", f"{_MOVED:%Y%m%d}T"))

        def moved() -> bool:
            return datetime.fromisoformat(self._get(f"/activities/{visit['id']}")["starts_at"]) == _MOVED

        self.checks.add("moved on the phone, moved in the request", soon(moved), f"{_MOVED:%Y-%m-%d %H:%M}")

    def _answer(self, request: Any) -> None:
        before = len(self.cloud.graph.server.outbox)
        draft = self._get(f"/requests/{request['id']}/answer")["mail"]
        written = draft | {"text": "We come and look.\n\n" + draft["text"]}
        self._ask("POST", f"/requests/{request['id']}/answers", written).raise_for_status()
        soon(lambda: len(self.cloud.graph.server.outbox) > before)
        self._customer_sends("Re: whatever", "Thank you!", answers=self.cloud.graph.server.outbox[-1].raw)
        path = f"/requests/{request['id']}/messages"
        threaded = soon(lambda: len(self._get(path)) == 3)
        self.checks.add("Ada's answer went out, his reply is in the same request", threaded, "3 mails")
        time.sleep(_QUIET)
        mails = len(self.cloud.graph.server.outbox) - before + sum(o.mails() for o in self.offices if o != self.cloud)
        self.checks.add("one mail went out, nothing else", mails == 1, f"{mails} mail")

    def _close(self, request: Any) -> None:
        version = self._get(f"/requests/{request['id']}")["version"]
        body = {"version": version, "reason": "The pump is tight."}
        closed = self._ask("POST", f"/requests/{request['id']}/close", body)
        left = len(self._get("/requests")["cards"])
        self.checks.add("the request is closed, with a reason", closed.ok and not left, "The pump is tight.")

    # ------------------------------------------------------------ hands and eyes

    def _customer_sends(self, subject: str, text: str, answers: bytes = b"") -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Maria Rossi <{CUSTOMER}>", MAILBOX, subject
        mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain="customer.example")
        if answers:
            mail["In-Reply-To"] = str(parsed(answers)["Message-ID"])
        mail.set_content(text)
        deliver(self.cloud.graph.server.mailbox(MAILBOX), mail.as_bytes())

    def _titles(self, kind: str) -> list[Any]:
        found: list[Any] = [office.titles(kind) for office in self.offices]
        for place in self.places(kind).values():
            titles = [title_of(Item.read(held.text).record) for held in place.held()]
            found.append({title: titles.count(title) for title in (*titles, "Maria Rossi")})
        return found

    @staticmethod
    def _count(titles: Any, part: str) -> int:
        return sum(count for title, count in titles.items() if part in title)

    def _ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, self.url + path, json=body, headers=self.headers, timeout=WAIT)

    def _get(self, path: str) -> Any:
        answer = self._ask("GET", path)
        answer.raise_for_status()
        return answer.json()
