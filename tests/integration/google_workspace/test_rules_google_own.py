"""Google <-> hub <-> Graph: what Google does in its own way (R13, R14, R16, R23, R24, R27, R29, R32, R36, R37)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import tables as t
from sync_engine.errors import CollectionGone, NoAccess, NotAuthorised, OutcomeUnknown, Throttled
from sync_engine.model import Kind
from tests.integration.google_workspace.google_and_cloud import GoogleAndCloud
from tests.integration.google_workspace.google_person import ADA, CalendarOwner, ContactsOwner, TasksOwner
from tests.integration.google_workspace.google_system import AtGoogle
from tests.integration.microsoft.microsoft365_desk import moved, weekly, without
from tests.integration.rules.edits import renamed
from tests.integration.rules.events import MONDAY, MONDAYS, berlin, everywhere
from tests.integration.rules.person import Wish
from tests.integration.rules.two_systems import FACE, Company, company
from tests.servers.google_workspace.protocol import Fault


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, Kind.EVENT, GoogleAndCloud.openings) as made:
        yield made


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, Kind.CONTACT, GoogleAndCloud.openings) as made:
        yield made


@pytest.fixture
def errands(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, Kind.TASK, GoogleAndCloud.openings) as made:
        yield made


def google_of(firm: Company) -> AtGoogle:
    google = firm.systems["google"]
    assert isinstance(google, AtGoogle)
    return google


def owner(office: Company) -> CalendarOwner:
    assert isinstance(office.ada, CalendarOwner)
    return office.ada


# ------------------------------------------------------------ series


@pytest.mark.parametrize("ours", [True, False], ids=["of the hub", "of Google"])
def test_r14_an_occurrence_that_was_cancelled_at_google_comes_back_when_a_phone_says_so(
    office: Company, ours: bool
) -> None:
    if ours:
        office.world.phone_put(weekly("s"))
    else:
        office.ada.plan(Wish("Standup", MONDAY, weeks=5))
    office.settle()
    office.ada.cancel("Standup", "2026-03-23")
    office.settle()
    everywhere(office, "Standup", *berlin("03-16", "03-30", "04-06", "04-13"))
    office.world.phone_edit(office.uid("Standup"), _with_all_days)
    office.settle()
    everywhere(office, "Standup", *berlin(*MONDAYS))
    office.forget_cursors()
    office.settle()
    everywhere(office, "Standup", *berlin(*MONDAYS))


def _with_all_days(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("EXDATE"))


def test_r07_r15_exceptions_that_follow_their_series_lose_no_edit_of_ours(office: Company) -> None:
    """Google may tell what is new of a series to its exceptions, too: they have other versions then."""
    google_of(office).google.switches.exceptions_follow = True
    office.world.phone_put(weekly("s", more="LOCATION:Room 1\r\n", overrides=(moved("20260323"), moved("20260330"))))
    office.settle()
    office.bob.move("Standup", "2026-03-23", datetime(2026, 3, 25, 8))
    office.settle()
    everywhere(office, "Standup", *berlin("03-16"), *berlin("03-25", hour=8), *berlin("03-30", hour=11), *LAST)
    office.world.phone_edit("s", renamed("Room 1", "Room 2"))
    office.world.phone_edit("s", renamed("20260330T110000", "20260330T120000"))
    office.world.phone_edit("s", renamed("20260330T113000", "20260330T123000"))
    office.settle()
    everywhere(office, "Standup", *berlin("03-16"), *berlin("03-25", hour=8), *berlin("03-30", hour=12), *LAST)
    assert office.ada.remark_of("Standup") == office.bob.remark_of("Standup") == "Room 2"
    assert office.world.rows(t.conflicts) == office.world.rows(t.quarantine) == []


LAST = berlin("04-06", "04-13")


def test_r16_google_names_what_follows_a_split_by_its_series_and_it_is_a_series_of_its_own(office: Company) -> None:
    """ "This and following events": the old one ends, the new one has its id with _R and a time."""
    office.world.phone_put(weekly("s", overrides=(moved("20260316"),)))
    office.settle()
    own, series = owner(office).own, owner(office).one("Standup")
    until = "RRULE:FREQ=WEEKLY;UNTIL=20260329T215959Z;BYDAY=MO"
    own.patch(series.id, {"recurrence": [until]})
    times = {name: {"dateTime": f"2026-03-30T{at}", "timeZone": "Europe/Berlin"} for name, at in _TEN.items()}
    name = f"{series.id}_R20260330T070000"
    rule = ["RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=MO"]
    office_calendar = google_of(office).google.calendar
    office_calendar.put(ADA, id=name, iCalUID=f"{name}@google.com", summary="Sit-down", recurrence=rule, **times)
    office.settle()
    office.all_hold("Standup", "Sit-down")
    everywhere(office, "Standup", *berlin("03-16", hour=11), *berlin("03-23"))
    everywhere(office, "Sit-down", *berlin("03-30", "04-06", "04-13", hour=10))
    office.bob.cancel("Sit-down", "2026-04-06")
    office.ada.move("Standup", "2026-03-23", datetime(2026, 3, 24, 15))
    office.settle()
    everywhere(office, "Sit-down", *berlin("03-30", "04-13", hour=10))
    everywhere(office, "Standup", *berlin("03-16", hour=11), *berlin("03-24", hour=15))


_TEN = {"start": "10:00:00", "end": "11:00:00"}


def test_r32_the_exceptions_of_a_private_series_are_private_too(office: Company) -> None:
    private = weekly("s", more="CLASS:PRIVATE\r\n", overrides=(moved("20260323") + "CLASS:PRIVATE\r\n",))
    office.world.phone_put(private)
    office.settle()
    office.bob.move("Standup", "2026-03-30", datetime(2026, 3, 31, 15))
    office.settle()
    stored = google_of(office).google.calendar.events(ADA)
    assert len(stored) == 3
    assert {one.body.get("visibility") for one in stored} == {"private"}


# ------------------------------------------------------------ pictures


def test_r06_r20_a_picture_that_google_encodes_anew_is_sent_once_and_is_no_conflict(people: Company) -> None:
    google = google_of(people)
    google.google.people.switches.recoded_photos = True
    for lost in range(4):
        title, uid = f"c{lost}", f"u{lost}"
        people.world.phone_put(people.item(title, uid, f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\n"))
        google.lose(lost)  # the answer to each of the requests that it takes
        with suppress(OutcomeUnknown):
            people.cycle("google")
        google.lose(0)
        people.recover()
        google.sent()
        people.bob.remark(title, "Poet")
        people.settle()
        assert google.sent() == [{"organizations"}]
        assert FACE in people.world.hub()[uid].text, "the phone's own stays as it is"
    people.all_hold("c0", "c1", "c2", "c3")
    assert people.world.rows(t.conflicts) == people.world.rows(t.quarantine) == []


# ------------------------------------------------------------ who may what


def test_r13_what_google_makes_by_itself_is_read_and_never_written(office: Company) -> None:
    """A flight that Gmail found; a birthday and a place of work are nobody else's business."""
    calendar, plain = (
        google_of(office).google.calendar,
        {name: {"dateTime": f"2026-03-30T{at}Z"} for name, at in _TEN.items()},
    )
    calendar.put(ADA, summary="Flight", eventType="fromGmail", **plain)
    calendar.put(ADA, summary="Focus", eventType="focusTime", focusTimeProperties={}, **plain)
    whole = {"start": {"date": "2026-03-30"}, "end": {"date": "2026-03-31"}}
    calendar.put(ADA, summary="Bob's birthday", eventType="birthday", recurrence=["RRULE:FREQ=YEARLY"], **whole)
    calendar.put(
        ADA, summary="Home", eventType="workingLocation", workingLocationProperties={"type": "homeOffice"}, **whole
    )
    office.settle()
    assert office.hub() == office.bob.titles() == ["Flight", "Focus"]
    office.bob.rename("Flight", "My flight")
    office.writes()
    for _ in range(4):
        for name in office.names:
            office.cycle(name)
    assert office.writes()["google"] == 0
    assert [(row.title, row.operation) for row in office.world.rows(t.quarantine)] == [("My flight", "update")]
    assert "Flight" in office.ada.titles()


def test_r24_a_calendar_that_is_not_shared_any_more_loses_nothing(office: Company) -> None:
    """It looks as if it was not there: its items stay, and it goes on when it is shared again."""
    calendars = google_of(office).google.calendar.calendars
    shared = calendars.make("carl@example.com", {"summary": "Team"})
    calendars.share(shared.id, ADA, "writer")
    side = office.world.sides["google"]
    office.world.unbind("google")
    number = office.world.add_binding("google", f"calendars/{shared.id}")
    side.collection, side.binding_id = f"calendars/{shared.id}", number
    office.world.sides["google"] = side
    office.fill(3)
    assert len(google_of(office).google.calendar.events(shared.id)) == 3
    for role in ("none", "reader"):
        calendars.share(shared.id, ADA, role)
        office.world.phone_edit("u00", renamed("SUMMARY:", f"SUMMARY:{role} "))
        for _ in range(2):
            for name in office.names:
                with suppress(CollectionGone, NoAccess):
                    office.cycle(name)
        assert len(office.hub()) == len(office.bob.titles()) == 3
    calendars.share(shared.id, ADA, "owner")
    office.settle()
    titles = [one.body["summary"] for one in google_of(office).google.calendar.events(shared.id)]
    assert sorted(titles) == office.hub() == ["reader none t00", "t01", "t02"]


def test_r24_a_token_that_ends_in_the_middle_ends_nothing_else(people: Company) -> None:
    people.fill(3)
    google = google_of(people)
    people.world.phone_edit("u00", lambda text: text.replace("t00", "edited"))
    google.google.world.revoke(google._token)
    with pytest.raises(NotAuthorised):
        people.cycle("google")
    before = people.cursor("google")
    people.cycle("cloud")
    assert "edited" in people.bob.titles()
    google._token = google.google.give(ADA)
    people.use("google", google.another())
    google.asked()
    people.cycle("google")
    assert google.asked().count("people.people.connections.list") == 1
    assert before is not None
    people.settle()
    people.all_hold("edited", "t01", "t02")


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"])
def test_r27_forbidden_may_mean_too_fast_and_is_then_no_refusal(office: Company, reason: str) -> None:
    """Of a write: it is made later, and nothing is said of the item or of the account's rights."""
    office.fill(2)
    google = google_of(office)
    office.world.phone_edit("u01", renamed("t01", "from phone"))
    fault = Fault(403, reason, method="events.patch", headers={"Retry-After": "600"})
    google.google.faults.append(fault)
    for _ in range(2):
        with pytest.raises(Throttled):
            office.cycle("google")
    assert google.asked() == ["calendar.events.list", "calendar.events.patch"], "and nothing after that"
    assert office.world.rows(t.quarantine) == []


def test_r27_one_users_contacts_are_changed_one_after_the_other(people: Company) -> None:
    for n in range(6):
        people.world.phone_put(people.item(f"c{n}", f"u{n}", "NOTE:x\r\n"))
    people.settle()
    for n in range(6):
        people.world.phone_edit(f"u{n}", renamed("NOTE:x", f"NOTE:{n}"))
    people.settle()
    google = google_of(people).google
    assert google.people.overlaps == 0
    assert google.most_at_once["ada@example.com", "people.write"] == 1


# ------------------------------------------------------------ ids


def test_r29_ids_that_differ_by_case_alone_are_two_tasks(errands: Company) -> None:
    assert isinstance(errands.ada, TasksOwner)
    tasks = errands.ada.where.tasks
    for title, name in (("upper", "VGFzAb"), ("lower", "VGFzab")):
        made = errands.ada.enter(title)
        tasks[name] = {**tasks.pop(made["id"]), "id": name}
    errands.settle()
    errands.all_hold("lower", "upper")
    errands.bob.rename("lower", "small")
    errands.ada.rename("upper", "large")
    errands.settle()
    errands.all_hold("large", "small")
    assert (tasks["VGFzAb"]["title"], tasks["VGFzab"]["title"]) == ("large", "small")


def test_r36_two_events_with_one_uid_are_told_and_the_others_go_on(office: Company) -> None:
    office.fill(1)
    times = {name: {"dateTime": f"2026-03-30T{at}Z"} for name, at in _TEN.items()}
    calendar = google_of(office).google.calendar
    for n in range(2):
        calendar.put(ADA, summary=f"twin {n}", iCalUID="one@example.com", **times)
    calendar.put(ADA, summary="other", **times)
    office.world.settle()
    assert {"other", "t00"} <= set(office.hub()) & set(office.bob.titles())
    assert sum("twin" in title for title in office.hub()) == 1
    assert len(office.world.rows(t.quarantine)) == 1
    assert sum("twin" in title for title in office.ada.titles()) == 2, "nothing is deleted"
    office.settle()


@pytest.mark.parametrize("newer_first", [True, False])
def test_r37_a_copy_of_a_contact_is_a_new_contact(people: Company, newer_first: bool) -> None:
    people.world.phone_put(people.item("Eve", "eve"))
    people.settle()
    assert isinstance(people.ada, ContactsOwner)
    before = people.ada.one("Eve")
    links = {row.remote_id for row in people.world.rows(t.links)}
    people.ada.book.add({**before.fields, "organizations": [{"title": "Copy"}]})
    if newer_first:
        people.ada.touch_as(before)
    people.settle()
    people.all_hold("Eve", "Eve")
    assert links <= {row.remote_id for row in people.world.rows(t.links)}
    assert "TITLE" not in people.world.hub()["eve"].text


def test_r37_a_copy_of_an_event_is_a_new_event(office: Company) -> None:
    """Who duplicates an event copies its hidden properties."""
    office.world.phone_put(weekly("s", more=without("20260330")))
    office.settle()
    one = owner(office).one("Standup")
    body = {name: value for name, value in one.body.items() if name not in {"privateCopy", "status"}}
    owner(office).own.insert({**body, "summary": "Copy"})
    office.settle()
    office.all_hold("Standup", "Copy")
    office.ada.rename("Copy", "Retro")
    office.settle()
    office.all_hold("Standup", "Retro")


def test_r23_an_event_of_long_ago_or_of_far_away_is_like_any_other(office: Company) -> None:
    """Google's feed has no window; what is outside of the cloud's is neither deleted nor doubled."""
    office.ada.plan(Wish("old", datetime(2019, 6, 1, 9)))
    office.ada.plan(Wish("far", datetime(2033, 6, 1, 9)))
    office.world.settle()
    office.all_hold("old", "far")
    office.ada.remark("old", "here")
    office.world.phone_edit(office.uid("far"), lambda text: text.replace("SUMMARY:far", "SUMMARY:farther"))
    office.world.settle()
    office.all_hold("old", "farther")
    assert office.bob.remark_of("old") == "here"
    assert owner(office).one("farther").start.instant("UTC") == datetime(2033, 6, 1, 7, tzinfo=UTC)
