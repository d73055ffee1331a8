"""What is refused, what is not told, and where nobody schedules (RFC 6638 3.2.4, 7, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from storage.tables import accounts, bindings, collections, grants, items, proxies, users
from sync_engine.item import Item
from sync_engine.ports import Origin
from tests.servers.meetings import ICS, Office, calendar, meeting, office, partstat

PLAIN = "BEGIN:VEVENT\r\nUID:m1\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T090000Z\r\nSUMMARY:Mine\r\nEND:VEVENT"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def bind(people: Office, slug: str, owner: int | None) -> None:
    """Let an outside system have a calendar."""
    with people.hub.database.begin() as unit:
        connection = unit.session.connection
        where = (collections.c.slug == slug, collections.c.owner_id == owner)
        number = connection.execute(collections.select().where(*where)).one().id
        key = connection.execute(insert(accounts).values(name="outside", since=people.hub.clock()))
        assert key.inserted_primary_key is not None
        account = int(key.inserted_primary_key[0])
        values = {"name": "b", "account_id": account, "collection_id": number, "remote_id": "r"}
        connection.execute(insert(bindings).values(values))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DTSTART:20261201T090000Z", "DTSTART:20261201T093000Z"),
        ("SUMMARY:Planning", "SUMMARY:Party"),
        ("SUMMARY:Planning", "LOCATION:Home\r\nSUMMARY:Planning"),
        ("SUMMARY:Planning", "RRULE:FREQ=DAILY;COUNT=2\r\nSUMMARY:Planning"),
        ("mailto:ada@example.org\r\nATTENDEE", "mailto:cleo@example.org\r\nATTENDEE"),
        ("END:VEVENT", "ATTENDEE:mailto:cleo@example.org\r\nEND:VEVENT"),
    ],
)
def test_a_guest_may_not_change_what_the_organizer_says(people: Office, old: str, new: str) -> None:
    people.ada.put(calendar(meeting()))
    before = people.bob.only()
    refused = people.bob.change(old, new)
    assert refused.status_code == 403
    assert "allowed-attendee-scheduling-object-change" in refused.text
    assert people.bob.only() == before


def test_a_guest_may_rewrite_what_says_the_same(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    assert people.bob.change("DTEND:20261201T100000Z", "DURATION:PT1H").status_code == 204
    more = "TRANSP:TRANSPARENT\r\nCATEGORIES:Red\r\nX-MOZ-LASTACK:20261101T000000Z\r\nSUMMARY:"
    assert people.bob.change("SUMMARY:", more).status_code == 204
    assert "TRANSP:TRANSPARENT" in people.bob.only()
    assert "TRANSP" not in people.ada.only()


def test_an_organizer_stays_one(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    refused = people.ada.put(calendar(meeting(organizer="cleo")))
    assert (refused.status_code, "allowed-organizer-scheduling-object-change" in refused.text) == (403, True)
    two = calendar(
        meeting("RRULE:FREQ=DAILY;COUNT=3", uid="x"),
        meeting("RECURRENCE-ID:20261202T090000Z", "DTSTART:20261202T100000Z", uid="x", organizer="bob"),
    )
    refused = people.ada.put(two, "x.ics")
    assert (refused.status_code, "same-organizer-in-all-components" in refused.text) == (403, True)


def test_a_meeting_that_becomes_an_appointment_is_called_off(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    assert people.ada.put(calendar(PLAIN)).status_code == 204
    assert "STATUS:CANCELLED" in people.bob.only()
    assert "schedule-tag" not in people.ada.phone.get("/dav/calendars/ada/mine/m1.ics").headers


def test_a_meeting_is_in_one_calendar_of_its_owner(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    people.ada.phone.request("MKCALENDAR", "/dav/calendars/ada/other/")
    assert people.ada.put(calendar(meeting()), calendar_="other").status_code == 403
    people.bob.phone.request("MKCALENDAR", "/dav/calendars/bob/other/")
    (name,) = people.bob.names()
    refused = people.bob.put(people.bob.get(name).encode(), "copy.ics", "other")
    assert refused.status_code == 403
    assert f"<C:unique-scheduling-object-resource><D:href>/dav/calendars/bob/mine/{name}<" in refused.text
    path = {"Destination": f"{people.hub.url}/dav/calendars/bob/other/{name}"}
    assert people.bob.phone.request("COPY", f"/dav/calendars/bob/mine/{name}", headers=path).status_code == 403
    assert people.bob.phone.request("MOVE", f"/dav/calendars/bob/mine/{name}", headers=path).status_code == 201
    assert people.ada.names("~inbox") == []  # nobody hears of a move
    people.ada.change("Planning", "Plans")
    assert "SUMMARY:Plans" in people.bob.only("other")
    assert people.bob.names() == []


def test_whom_the_client_tells_itself_the_server_does_not(people: Office) -> None:
    body = calendar(meeting()).replace(b"RSVP=TRUE", b"RSVP=TRUE;SCHEDULE-AGENT=CLIENT")
    made = people.ada.put(body)
    assert made.headers["etag"]
    assert people.ada.get("m1.ics").encode() == body
    assert people.bob.names() == people.bob.names("~inbox") == []
    people.ada.change("SCHEDULE-AGENT=CLIENT", "SCHEDULE-AGENT=SERVER")
    assert len(people.bob.names()) == 1
    people.ada.change("SCHEDULE-AGENT=SERVER", "SCHEDULE-AGENT=NONE")
    assert "STATUS:CANCELLED" in people.bob.only()


def test_what_a_client_insists_on_is_sent_again_once(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    (name,) = people.bob.names("~inbox")
    people.bob.phone.delete(f"/dav/calendars/bob/~inbox/{name}")
    again = people.ada.change("mailto:bob@", "mailto:bob@")
    assert (again.status_code, people.bob.names("~inbox")) == (204, [])
    line = next(line for line in people.ada.only().splitlines() if "mailto:bob@" in line)
    people.ada.change(line, line.replace("ATTENDEE", "ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST"))
    assert people.bob.names("~inbox") == [name]
    assert "FORCE-SEND" not in people.ada.only()


def test_strangers_are_told_of_by_status_only(people: Office) -> None:
    assert people.ada.put(calendar(meeting(guests=("bob", "stranger")))).status_code == 201
    line = next(line for line in people.ada.only().splitlines() if "stranger@" in line)
    assert "SCHEDULE-STATUS=5.2" in line
    with people.hub.database.begin() as unit:
        unit.session.connection.execute(update(users).where(users.c.name == "bob").values(blocked=True))
    people.ada.change("Planning", "Plans")
    assert "SCHEDULE-STATUS=5.2" in next(line for line in people.ada.only().splitlines() if "bob@" in line)


def test_nobody_takes_over_an_event_of_others_by_its_uid(people: Office) -> None:
    people.bob.put(calendar(PLAIN))
    people.ada.put(calendar(meeting()))
    assert "SUMMARY:Mine" in people.bob.only()
    assert "METHOD:REQUEST" in people.bob.only("~inbox")
    people.cleo.put(calendar(meeting(organizer="cleo")))
    assert "SUMMARY:Mine" in people.bob.only()
    people.ada.delete()
    assert "SUMMARY:Mine" in people.bob.only()


def test_a_guest_who_was_not_invited_changes_nothing(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    crash = calendar(meeting(guests=("bob", "cleo"))).replace(
        b"NEEDS-ACTION;RSVP=TRUE:mailto:cleo", b"ACCEPTED:mailto:cleo"
    )
    assert people.cleo.put(crash).status_code == 201
    assert "cleo" not in people.ada.only()
    assert "SCHEDULE-STATUS=5.3" in people.cleo.only()


def test_what_a_program_of_the_guest_stored_first_counts_as_his_answer(people: Office) -> None:
    people.ada.put(calendar(meeting()).replace(b"RSVP=TRUE", b"RSVP=TRUE;SCHEDULE-AGENT=NONE"))
    people.ada.change("SCHEDULE-AGENT=NONE", "SCHEDULE-AGENT=CLIENT")
    accepted = calendar(meeting()).replace(b"NEEDS-ACTION;RSVP=TRUE", b"ACCEPTED")
    assert people.bob.put(accepted).status_code == 201
    assert partstat(people.ada.only(), "bob") == "ACCEPTED"


# ---------------------------------------------------------------- where nobody schedules


def test_in_a_synced_calendar_the_outside_system_invites(people: Office) -> None:
    bind(people, "mine", 1)
    assert people.ada.put(calendar(meeting())).headers["etag"]
    assert people.bob.names() == people.bob.names("~inbox") == []


def test_a_synced_copy_of_a_guest_is_left_to_its_system(people: Office) -> None:
    people.bob.put(calendar(meeting()))
    bind(people, "mine", 2)
    people.ada.put(calendar(meeting("SUMMARY:Plans")))
    assert "SUMMARY:Planning" in people.bob.only()  # not twice, and not changed behind its back
    assert "SUMMARY:Plans" in people.bob.only("~inbox")
    people.ada.put(calendar(meeting(uid="m2")), "m2.ics")
    assert "UID:m2" in people.bob.only("calendar")


def test_in_the_companys_and_in_shared_calendars_nobody_schedules(people: Office) -> None:
    people.hub.collection("agenda", "event")
    shared = people.hub.collection("team", "event", 3)
    people.hub.execute(insert(grants).values(collection_id=shared, user_id=1, access="write"))
    assert people.ada.put(calendar(meeting()), calendar_="agenda").headers["etag"]
    assert people.ada.put(calendar(meeting()), calendar_="team~cleo").headers["etag"]
    theirs = calendar(meeting(uid="m2", organizer="cleo"))
    assert people.ada.put(theirs, "m2.ics", "team~cleo").headers["etag"]
    assert people.bob.names() == people.bob.names("~inbox") == []


def test_out_of_the_own_calendars_nobody_is_uninvited_and_back_into_them_invited_once(people: Office) -> None:
    people.hub.collection("agenda", "event")
    people.ada.put(calendar(meeting()))
    away = {"Destination": f"{people.hub.url}/dav/calendars/ada/agenda/m1.ics"}
    assert people.ada.phone.request("MOVE", "/dav/calendars/ada/mine/m1.ics", headers=away).status_code == 201
    assert "CANCELLED" not in people.bob.only()
    back = {"Destination": f"{people.hub.url}/dav/calendars/ada/mine/m1.ics"}
    assert people.ada.phone.request("MOVE", "/dav/calendars/ada/agenda/m1.ics", headers=back).status_code == 201
    assert len(people.bob.names()) == len(people.bob.names("~inbox")) == 1
    assert "schedule-tag" in people.ada.phone.get("/dav/calendars/ada/mine/m1.ics").headers


def test_a_calendar_that_is_deleted_calls_off_what_is_in_it(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    people.cleo.put(calendar(meeting(uid="c", organizer="cleo", guests=("ada",))), "c.ics")
    assert people.ada.phone.delete("/dav/calendars/ada/mine/").status_code == 204
    assert "STATUS:CANCELLED" in people.bob.only()
    assert partstat(people.cleo.only(), "ada") == "DECLINED"


def test_a_delegate_schedules_for_whose_calendar_it_is(people: Office) -> None:
    people.hub.execute(insert(proxies).values(user_id=1, delegate_id=3, access="write"))
    made = people.cleo.phone.put("/dav/calendars/ada/mine/m1.ics", data=calendar(meeting()), headers=ICS)
    assert made.status_code == 201
    assert "ORGANIZER;CN=Ada:mailto:ada@example.org" in people.bob.only()
    people.bob.answer("ACCEPTED")
    assert partstat(people.ada.only(), "bob") == "ACCEPTED"
    assert people.cleo.names() == people.cleo.names("~inbox") == []
    theirs = calendar(meeting(uid="c", organizer="cleo"))
    assert people.cleo.phone.put("/dav/calendars/ada/mine/c.ics", data=theirs, headers=ICS).status_code == 201
    assert len(people.bob.names()) == 1  # in Ada's calendar Cleo invites nobody in her own name


def test_users_without_a_mail_address_are_invited_by_their_principals(people: Office) -> None:
    people.hub.user("dan")
    dan = people.hub.phone("dan")
    body = calendar(meeting(guests=())).replace(b"END:VEVENT", b"ATTENDEE:/dav/principals/dan/\r\nEND:VEVENT")
    assert people.ada.put(body).status_code == 201
    assert "SCHEDULE-STATUS=1.2:/dav/principals/dan/" in people.ada.only()
    listed = dan.request("PROPFIND", "/dav/calendars/dan/calendar/", headers={"Depth": "1"}).text
    assert listed.count("<D:response>") == 2


def test_a_message_of_long_ago_leaves_the_inbox_by_itself(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    people.hub.execute(update(items).where(items.c.uid == "m1").values(changed_at=datetime(2026, 1, 1, tzinfo=UTC)))
    people.ada.put(calendar(meeting(uid="m2")), "m2.ics")
    assert "UID:m2" in people.bob.only("~inbox")
    assert len(people.bob.names()) == 2


def test_what_was_declined_and_thrown_away_comes_back_with_another_time_only(people: Office) -> None:
    people.ada.put(calendar(meeting(guests=("bob", "cleo"))))
    people.bob.delete()
    (message,) = people.bob.names("~inbox")
    people.bob.phone.delete(f"/dav/calendars/bob/~inbox/{message}")
    people.ada.change("Planning", "Plans")
    assert people.bob.names() == people.bob.names("~inbox") == []
    assert "SUMMARY:Plans" in people.cleo.only()
    people.ada.change("DTSTART:20261201T090000Z", "DTSTART:20261201T080000Z")
    assert partstat(people.bob.only(), "bob") == "NEEDS-ACTION"
    assert len(people.bob.names("~inbox")) == 1


def test_a_task_of_the_same_uid_is_in_nobodys_way(people: Office) -> None:
    people.bob.phone.request("MKCALENDAR", "/dav/calendars/bob/all/")
    people.bob.phone.delete("/dav/calendars/bob/mine/")
    task = calendar("BEGIN:VTODO\r\nUID:m1\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Do\r\nEND:VTODO")
    assert people.bob.put(task, "t.ics", "all").status_code == 201
    assert people.ada.put(calendar(meeting())).status_code == 201
    assert "SUMMARY:Do" in people.bob.only("all")
    assert "METHOD:REQUEST" in people.bob.only("~inbox")


def test_what_an_admin_takes_back_tells_nobody_until_the_organizer_changes_it(people: Office) -> None:
    people.ada.put(calendar(meeting()))
    text = people.ada.get("m1.ics")
    people.ada.delete()
    with people.hub.database.begin() as unit:
        (known,) = unit.items_by_uid(1, ["m1"]).values()
        unit.update_item(known.id, Item.read(text), Origin("undo"))
    assert "STATUS:CANCELLED" in people.bob.only()
    people.ada.change("Planning", "Plans")
    copy = people.bob.only()
    assert "STATUS:CANCELLED" not in copy
    assert "SUMMARY:Plans" in copy
    assert "METHOD:REQUEST" in people.bob.only("~inbox")


def test_a_calendar_that_is_made_free_stays_free(people: Office) -> None:
    body = (
        '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
        "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp></D:prop></D:set></C:mkcalendar>"
    )
    assert people.bob.phone.request("MKCALENDAR", "/dav/calendars/bob/free/", data=body).status_code == 201
    row = people.hub.execute(collections.select().where(collections.c.slug == "free"))
    assert row.one().transparent
