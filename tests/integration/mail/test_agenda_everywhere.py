"""The agenda in Google, Exchange and Microsoft 365 at once: what comes by mail, what is planned, and who moves it.

That no server mails anybody because of it is asked by a fixture of all tests (R10).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm.activity.model import Activity, NewActivity
from crm.activity.planning import plan
from crm.activity.reading import activity
from crm.actor import OUTBOX, Actor
from crm.agenda.follow import follow
from crm.intake.model import Delivered
from crm.intake.taking import take
from crm.mail.model import Party
from crm.request.model import NewRequest, Request
from crm.request.opening import open_request
from crm.settings import CrmSettings, Mailbox
from storage import tables as t
from sync_engine.item import Item
from sync_engine.model import Kind, title_of
from tests.contract.answer_world import EVA
from tests.contract.invitation_world import calendar, event
from tests.integration.google_workspace.three_systems import OPENINGS, is_done, tick
from tests.integration.rules.person import Wish
from tests.integration.rules.two_systems import Company, company

MONDAY = datetime(2026, 3, 16, 8, tzinfo=UTC)
HELP = "help@example.org"


class Desk:
    """Customer requests, whose agenda is the collection that everybody has."""

    def __init__(self, firm: Company) -> None:
        self.firm, self.database = firm, firm.world.database
        with self.database.begin() as unit:
            here = t.collections.c.id == firm.world.collection_id
            name = unit.session.connection.execute(select(t.collections.c.name).where(here)).scalar_one()
        web: dict[str, Any] = {"web_url": "https://hub.example.org"}
        boxes = {"help": Mailbox("help", HELP)}
        self.settings = CrmSettings(boxes, agenda=name, own_addresses=frozenset({HELP}), signing_key=b"k" * 32, **web)
        self.mails = 0

    def mail(self, method: str, told: str) -> None:
        self.mails += 1
        head = f"From: {EVA}\r\nTo: {HELP}\r\nSubject: x\r\nMessage-ID: <{self.mails}@x.example>\r\n"
        kind = f"MIME-Version: 1.0\r\nContent-Type: text/calendar; method={method}; charset=utf-8\r\n\r\n"
        raw = f"{head}{kind}{calendar(method, told)}"
        with self.database.begin() as unit:
            take(unit, self.settings, Delivered("help", "INBOX", str(self.mails), raw.encode()))

    def request(self) -> Request:
        new = NewRequest("The pump leaks", customer_name="Eva", customer_address=EVA, mailbox="help")
        with self.database.begin() as unit:
            return open_request(unit, self.settings, OUTBOX, new)

    def plan(self, title: str, **more: object) -> Activity:
        new = NewActivity("visit", title, **more)  # type: ignore[arg-type]
        with self.database.begin() as unit:
            return plan(unit, self.settings, Actor("eve", unlimited=True), new)

    def activity(self, number: int) -> Activity:
        assert follow(self.database, self.settings) in (0, 1)
        with self.database.read() as unit:
            return activity(unit, OUTBOX, number)

    def events(self) -> list[Item]:
        """Of the hub, which phones see; or tasks."""
        return [item for item in self.firm.world.hub().values() if item.kind is self.firm.kind]

    def all_have(self, *titles: str) -> None:
        self.firm.settle()
        told = {"hub": sorted(title_of(item.record) for item in self.events())} | {
            name: person.titles() for name, person in self.firm.people.items()
        }
        assert told == dict.fromkeys(told, sorted(titles))
        assert self.firm.world.rows(t.quarantine) == self.firm.world.rows(t.conflicts) == []


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with company(tmp_path, Kind.EVENT, OPENINGS) as firm:
        yield Desk(firm)


def test_q09_an_invitation_by_mail_is_in_everybodys_calendar_and_mails_nobody(desk: Desk) -> None:
    when: dict[str, Any] = {"DTSTART": "20260316T080000Z", "DTEND": "20260316T090000Z"}
    desk.mail("REQUEST", event(SUMMARY="Review", ATTENDEES=f"{HELP} boss@other.example", **when))
    desk.all_have("Review")
    desk.mail("REQUEST", event(sequence=1, SUMMARY="Review 2", ATTENDEES=HELP, **when))
    desk.all_have("Review 2")
    (item,) = desk.events()
    assert "STATUS:TENTATIVE" in item.text
    assert "SCHEDULE-AGENT=CLIENT" in item.text.replace("\r\n ", "")
    desk.mail("CANCEL", event(sequence=2, **when))
    desk.all_have()


def test_q12_whoever_moves_a_visit_moves_the_activity(desk: Desk) -> None:
    request = desk.request()
    text = "Bring the seal.\n\nAnd a pump, for all cases; see https://x.example/requests."
    there: dict[str, Any] = {"zone": "Europe/Berlin", "organizer": HELP, "guests": (Party(EVA),)}
    made = desk.plan("Pump", request_id=request.id, text=text, starts_at=MONDAY, **there)
    title = f"[{request.number}] Pump"
    desk.all_have(title)
    assert desk.activity(made.id).version == made.version
    for n, person in enumerate(desk.firm.people.values(), 1):
        wish = Wish(title, datetime(2026, 3, 16 + n, 11))
        person.shift(title, wish)
        desk.firm.settle()
        now = desk.activity(made.id)
        assert (now.starts_at, now.version, now.zone) == (wish.at(wish.start), made.version + n, "Europe/Berlin")
        assert (now.title, now.text) == ("Pump", text)
    before = [item.text for item in desk.events()]
    assert follow(desk.database, desk.settings) == 0
    assert [item.text for item in desk.events()] == before
    for person in desk.firm.people.values():
        person.touch(title)  # the server's own doing is nobody's change
    desk.firm.settle()
    assert desk.activity(made.id).version == made.version + 3
    next(iter(desk.firm.people.values())).remove(title)
    desk.all_have()
    assert desk.activity(made.id).state == "cancelled"


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[Desk]:
    with company(tmp_path, Kind.TASK, OPENINGS) as firm:
        yield Desk(firm)


def test_q12_whoever_ticks_off_a_task_has_done_the_activity(tasks: Desk) -> None:
    request = tasks.request()
    made = tasks.plan("Ring", request_id=request.id, text="Ask for the number.")
    title = f"[{request.number}] Ring"
    tasks.all_have(title)
    for person in tasks.firm.people.values():
        for done in (True, False):
            tick(person, title, done)
            tasks.firm.settle()
            now = tasks.activity(made.id)
            assert (now.state, now.title, now.text) == ("done" if done else "planned", "Ring", "Ask for the number.")
            assert [is_done(other, title) for other in tasks.firm.people.values()] == [done] * 3
