"""A mail becomes a request, the request a visit in everybody's agenda, and an answer: the whole way on real servers.

Dovecot and an SMTP server, the daemon, Radicale, Exchange's test server, and a phone: vdirsyncer through the gateway.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo.exchange_office import OUTLOOK, PASSWORD, ExchangeOffice
from tests.acceptance.mail_office import CUSTOMER, SUPPORT, Api, MailOffice, details, mail, mail_office
from tests.acceptance.test_vdirsyncer import Device
from tests.hub_process import Hub, events_at, wait_for
from tests.servers import dovecot
from tests.servers.dav_setup import make_collection
from tests.servers.microsoft.ews import add_person, exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.processes import Server

pytestmark = [
    pytest.mark.skipif(bool(dovecot.why_not()), reason=dovecot.why_not()),
    pytest.mark.mails,  # of ours, by SMTP; that Exchange mails nobody is asked at the end
]

START = datetime(2027, 3, 10, 9, tzinfo=UTC)
MOVED = START + timedelta(days=1, hours=2)
INVITATION = f"""BEGIN:VCALENDAR
PRODID:-//client//EN
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:invited-1@client.example
DTSTAMP:20260101T000000Z
DTSTART:20270301T100000Z
DTEND:20270301T110000Z
SUMMARY:Look at the pump
ORGANIZER;CN=Maria Rossi:mailto:{CUSTOMER}
ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{SUPPORT}
SEQUENCE:0
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


class Company:
    """Everything that runs, and how each of them sees the agenda."""

    def __init__(self, hub: Hub, mails: MailOffice, radicale: Server, calendar: str, exchange: ExchangeOffice) -> None:
        self.hub, self.mails, self.radicale, self.calendar, self.exchange = hub, mails, radicale, calendar, exchange
        hub.run("user", "add", "ada")
        hub.run("user", "set-address", "ada", "ada@example.org")
        hub.run("role", "give", "supervisor", "--user", "ada")
        self.api = Api(hub, hub.json("token", "add", "ada", "--user", "ada")["token"])
        shown = hub.json("device", "add", "ada", "Phone")["password"]
        self.phone = Device(hub.folder / "phone", SimpleNamespace(base=hub.url, password=shown), "ada")  # type: ignore[arg-type]

    def on_phone(self) -> list[str]:
        """Texts of the events, after a sync."""
        self.phone.sync()
        (folder,) = [path for path in (self.phone.folder / "calendars").iterdir() if path.is_dir()]
        return [file.read_text() for file in folder.iterdir() if not file.name.startswith(".")]

    def everywhere(self, title: str) -> bool:
        """Once on each."""
        phone = [summary for summary in details(self.on_phone()) if title in summary]
        radicale = [summary for summary in events_at(self.radicale, self.calendar).values() if title in summary]
        exchange = [summary for summary in self.exchange.titles("event").elements() if title in summary]
        return len(phone) == len(radicale) == len(exchange) == 1

    def request(self) -> Any:
        """The one request that there is."""
        (found,) = self.api.get("/requests?open=all")["cards"]
        return self.api.get(f"/requests/{found['id']}")

    def messages(self, request_id: int) -> Any:
        return self.api.get(f"/requests/{request_id}/messages")


@contextmanager
def company(folder: Path, radicale: Server) -> Iterator[Company]:
    site = Site()
    add_person(site, OUTLOOK, PASSWORD, OUTLOOK, "Outlook")
    with mail_office(folder / "mails") as mails, exchange_server(site):
        hub = Hub(folder)
        hub.run("init")
        calendar = make_collection(radicale, "/ada/", "calendar")
        hub.write_account("dav", radicale)
        hub.write_binding("agenda at dav", "dav", calendar)
        (folder / "outlook.secret").write_text(PASSWORD + "\n")
        account = {"name": "outlook", "connector": "exchange", "url": site.url, "username": OUTLOOK, "zone": "UTC"}
        lines = "".join(f"{k} = {json.dumps(v)}\n" for k, v in account.items())
        with hub.config.open("a") as file:
            file.write(f'\n[[accounts]]\n{lines}secret = "file:outlook.secret"\n{mails.accounts(hub)}')
        hub.write_binding("agenda at outlook", "outlook", "Calendar")
        hub.edit('# interval = "5m"', 'interval = "1s"')
        made = Company(hub, mails, radicale, calendar, ExchangeOffice(site))
        with hub.serving():
            wait_for(lambda: hub.state("agenda at dav")["last_ok_at"])
            made.phone.run("discover")
            yield made


def test_q01_to_q12_a_mail_becomes_a_visit_in_every_agenda_and_an_answer(
    tmp_path: Path, radicale_server: Server
) -> None:
    with company(tmp_path, radicale_server) as there:
        request = _arrives_by_mail(there)
        visit = _is_planned_and_moved_on_the_phone(there, request)
        _is_answered_and_the_reply_threads(there, request["id"])
        _the_invitation_is_answered_by_a_person(there, request["id"])
        _a_meeting_is_generated_and_the_request_closed(there, request["id"])
        assert there.exchange.mails() == 0
        assert there.api.get(f"/activities/{visit['id']}")["state"] == "planned"
        assert len(there.mails.inbox("rossi")) == 2, "one answer, one reply to the invitation, nothing else"
        assert "Traceback" not in there.hub.log()


def _arrives_by_mail(there: Company) -> Any:
    there.mails.send(mail("The pump leaks", "Since this morning.\r\n", invitation=INVITATION), SUPPORT)
    wait_for(lambda: there.api.get("/requests")["cards"])
    request = there.request()
    assert (request["subject"], request["customer_address"]) == ("The pump leaks", CUSTOMER)
    assert request["customer_state"] == "provisional"
    wait_for(lambda: there.everywhere("Look at the pump"))
    assert details(there.on_phone())["Look at the pump"].status == "TENTATIVE"
    return request


def _is_planned_and_moved_on_the_phone(there: Company, request: Any) -> Any:
    path, api = f"/requests/{request['id']}", there.api
    waiting = next(status for status in api.get("/statuses") if status["meaning"] == "open")
    asked = api.ask("POST", f"{path}/status", {"version": request["version"], "status_id": waiting["id"]}, code=422)
    assert asked["missing"] == ["responsible"]
    me = api.get("/me")
    body = {"version": request["version"], "status_id": waiting["id"], "responsible_id": me["user_id"]}
    assert api.ask("POST", f"{path}/status", body)["responsible_id"] == me["user_id"]
    plan = {"kind": "visit", "title": "Visit Rossi", "request_id": request["id"], "starts_at": START.isoformat()}
    visit = api.ask("POST", "/activities", plan, code=201)
    wait_for(lambda: there.everywhere("Visit Rossi"))
    title, event = next((t, d) for t, d in details(there.on_phone()).items() if "Visit Rossi" in t)
    assert request["number"] in title + event.description
    assert event.url.endswith(f"/requests/{request['number']}")
    _move_on_phone(there, title)
    wait_for(lambda: datetime.fromisoformat(api.get(f"/activities/{visit['id']}")["starts_at"]) == MOVED)
    shown = [entry for entry in api.get(f"{path}/history") if "ada" in entry["actor"] or "device" in entry["actor"]]
    assert shown, "the history says who moved it"
    return visit


def _move_on_phone(there: Company, title: str) -> None:
    (folder,) = [path for path in (there.phone.folder / "calendars").iterdir() if path.is_dir()]
    (file,) = [f for f in folder.iterdir() if not f.name.startswith(".") and title in details([f.read_text()])]
    old, new = f"{START:%Y%m%dT%H%M%S}", f"{MOVED:%Y%m%dT%H%M%S}"
    end_old, end_new = (f"{at + timedelta(hours=1):%Y%m%dT%H%M%S}" for at in (START, MOVED))
    file.write_text(file.read_text().replace(old, new).replace(end_old, end_new))
    there.phone.sync()


def _is_answered_and_the_reply_threads(there: Company, request_id: int) -> None:
    draft = there.api.get(f"/requests/{request_id}/answer")["mail"]
    assert [to["address"] for to in draft["to"]] == [CUSTOMER]
    written = draft | {"text": "We come and look.\n\n" + draft["text"]}
    there.api.ask("POST", f"/requests/{request_id}/answers", written, code=202)
    (came,) = wait_for(lambda: there.mails.inbox("rossi"))
    (first,) = there.mails.inbox("support")
    assert came["In-Reply-To"] == first["Message-ID"]
    assert SUPPORT in came["From"]
    assert "We come and look." in _text(came)
    there.mails.send(mail("Re: something else entirely", "Thank you!\r\n", answers=came), SUPPORT)
    wait_for(lambda: len(there.messages(request_id)) == 3)
    assert there.request()["first_answer_at"]


def _text(found: EmailMessage) -> str:
    body = found.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _the_invitation_is_answered_by_a_person(there: Company, request_id: int) -> None:
    (invitation,) = there.api.get(f"/requests/{request_id}/invitations")
    assert invitation["state"] == "tentative"
    there.api.ask("POST", f"/invitations/{invitation['id']}/answer", {"answer": "accepted"})
    wait_for(lambda: len(there.mails.inbox("rossi")) == 2)
    reply = there.mails.inbox("rossi")[1]
    (part,) = [part for part in reply.walk() if part.get_content_type() == "text/calendar"]
    said = part.get_content()
    assert part.get_param("method") == "REPLY"
    assert "PARTSTAT=ACCEPTED" in said
    assert "invited-1@client.example" in said


def _a_meeting_is_generated_and_the_request_closed(there: Company, request_id: int) -> None:
    api, path = there.api, f"/requests/{request_id}"
    body = {"title": "Handing over", "starts_at": (START + timedelta(days=7)).isoformat()}
    made = api.ask("POST", f"{path}/meetings", body, code=201)
    assert made["ask_to_close"] is True
    wait_for(lambda: there.everywhere("Handing over"))
    completed = next(status for status in api.get("/statuses") if status["meaning"] == "completed")
    done = api.ask("POST", f"{path}/status", {"version": there.request()["version"], "status_id": completed["id"]})
    assert done["is_open"] is True, "completed only means that it may be closed"
    closed = api.ask("POST", f"{path}/close", {"version": done["version"], "reason": "The pump is tight."})
    assert closed["is_open"] is False
    assert api.get("/requests")["cards"] == []
