"""Shares, delegates, private items and personal properties over PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage import dav_feeds
from tests.servers.gateway import Hub, running_hub

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nSUMMARY:Secret\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def hub(tmp_path: Path, postgres_url: str) -> Iterator[Hub]:
    with running_hub(tmp_path, url=postgres_url) as running:
        yield running


def test_what_others_see_of_a_home(hub: Hub) -> None:
    ada, bob = hub.user("ada"), hub.user("bob")
    assert ada != bob
    hub.collection("plans", "event", owner=ada)
    mine, his = hub.phone("ada"), hub.phone("bob")
    assert mine.put("/dav/calendars/ada/plans/a.ics", data=EVENT.format("a")).status_code == 201
    members = (
        '<propertyupdate xmlns="DAV:"><set><prop><group-member-set><href>/dav/principals/bob/</href></group-member-set>'
        "</prop></set></propertyupdate>"
    )
    path = "/dav/principals/ada/calendar-proxy-read/"
    assert mine.request("PROPPATCH", path, data=members).status_code == 207
    wish = "<CS:set><D:href>/dav/principals/bob/</D:href><CS:read-write/></CS:set>"
    share = f'<CS:share xmlns:CS="http://calendarserver.org/ns/" xmlns:D="DAV:">{wish}</CS:share>'
    assert mine.post("/dav/calendars/ada/plans/", data=share).status_code == 200
    for home in ("/dav/calendars/ada/plans/", "/dav/calendars/bob/plans~ada/"):
        name = '<propertyupdate xmlns="DAV:"><set><prop><displayname>Adas</displayname></prop></set></propertyupdate>'
        assert his.request("PROPPATCH", home, data=name).status_code == 207
        listed = his.request("PROPFIND", home, headers={"Depth": "1"})
        assert f"{home}a.ics" in listed.text
        assert "Adas" in his.request("PROPFIND", home, data='<propfind xmlns="DAV:"><allprop/></propfind>').text
        seen = his.get(f"{home}a.ics").text
        assert "SUMMARY:Busy" in seen
        assert "Secret" not in seen
        sync = '<sync-collection xmlns="DAV:"><sync-token/><prop><getetag/></prop></sync-collection>'
        assert f"{home}a.ics" in his.request("REPORT", home, data=sync).text
        assert his.delete(f"{home}a.ics").status_code == 403
    assert his.put("/dav/calendars/bob/plans~ada/b.ics", data=EVENT.format("b")).status_code == 201
    assert "Secret" in his.get("/dav/calendars/bob/plans~ada/b.ics").text
    assert his.delete("/dav/calendars/bob/plans~ada/").status_code == 204
    assert his.get("/dav/calendars/bob/plans~ada/b.ics").status_code == 404


def test_birthdays_and_feeds(hub: Hub) -> None:
    ada = hub.user("ada")
    hub.collection("people", "contact", owner=ada)
    hub.collection("company", "contact")
    feed = hub.collection("feed", "event", owner=ada, source="https://feeds.example.org/a.ics", read_only=True)
    phone, calendar = hub.phone("ada"), "/dav/calendars/ada/~birthdays/"
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0}\r\nBDAY:--0412\r\nEND:VCARD\r\n"
    for book in ("people", "company"):
        assert phone.put(f"/dav/addressbooks/ada/{book}/a.vcf", data=card.format(book)).status_code == 201
    sync = '<sync-collection xmlns="DAV:"><sync-token>{}</sync-token><prop><getetag/></prop></sync-collection>'
    first = phone.request("REPORT", calendar, data=sync.format("")).text
    assert first.count("<D:getetag>") == 2
    token = first.partition("<D:sync-token>")[2].partition("<")[0]
    assert phone.delete("/dav/addressbooks/ada/company/a.vcf").status_code == 204
    assert phone.request("REPORT", calendar, data=sync.format(token)).text.count(" 404 ") == 1
    with hub.database.begin() as unit:
        connection, now = unit.session.connection, hub.clock()
        (due,) = dav_feeds.due(connection, now)
        assert (due.id, dav_feeds.is_still(connection, due)) == (feed, True)
        dav_feeds.was_read(connection, due, now)
        assert dav_feeds.due(connection, now - timedelta(hours=1)) == []
