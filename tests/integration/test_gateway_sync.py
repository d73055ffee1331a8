"""sync-collection, multiget and the queries on the running gateway."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import event as sql_event
from sqlalchemy import update

from storage.tables import collections
from tests.servers.gateway import Hub, Phone, running_hub

AGENDA, PEOPLE = "/dav/calendars/ada/agenda/", "/dav/addressbooks/ada/people/"


def event(uid: str, start: str = "DTSTART:20260301T090000Z", *lines: str, component: str = "VEVENT") -> str:
    inner = "".join(f"{line}\r\n" for line in (start, *lines) if line)
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:{component}\r\nUID:{uid}\r\n"
        f"DTSTAMP:20260101T000000Z\r\nSUMMARY:{uid}\r\n{inner}END:{component}\r\nEND:VCALENDAR\r\n"
    )


def card(uid: str, name: str) -> str:
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user("ada")
        running.collection("agenda", "event,task")
        running.collection("people", "contact")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


class Delta:
    """The answer to a sync-collection."""

    def __init__(self, phone: Phone, token: str = "", limit: int | None = None, path: str = AGENDA) -> None:
        wanted = f"<limit><nresults>{limit}</nresults></limit>" if limit else ""
        body = (
            f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level>{wanted}'
            "<prop><getetag/></prop></sync-collection>"
        )
        answer = phone.request("REPORT", path, data=body)
        self.status, self.text = answer.status_code, answer.text
        responses = re.findall(r"<D:response><D:href>(.*?)</D:href>(.*?)</D:response>", self.text)
        self.changed = [href.rpartition("/")[2] for href, rest in responses if "getetag" in rest]
        self.removed = [href.rpartition("/")[2] for href, rest in responses if "404" in rest]
        self.cut = [href for href, rest in responses if "507" in rest]
        self.token = "".join(re.findall("<D:sync-token>(.*?)</D:sync-token>", self.text))


def test_changes_and_deletions_since_a_token(phone: Phone) -> None:
    for name in "abc":
        phone.put(f"{AGENDA}{name}.ics", data=event(name))
    first = Delta(phone)
    assert (sorted(first.changed), first.removed) == (["a.ics", "b.ics", "c.ics"], [])
    phone.put(f"{AGENDA}b.ics", data=event("b", "DTSTART:20260401T090000Z"))
    phone.delete(f"{AGENDA}c.ics")
    phone.put(f"{AGENDA}d.ics", data=event("d"))
    second = Delta(phone, first.token)
    assert (sorted(second.changed), second.removed) == (["b.ics", "d.ics"], ["c.ics"])
    third = Delta(phone, second.token)
    assert (third.changed, third.removed, third.token) == ([], [], second.token)


def test_a_new_client_is_told_of_no_deletions(phone: Phone) -> None:
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    phone.delete(f"{AGENDA}a.ics")
    delta = Delta(phone)
    assert (delta.changed, delta.removed) == ([], [])


def test_a_poll_without_changes_reads_no_item_and_writes_nothing(hub: Hub, phone: Phone) -> None:
    for name in "abc":
        phone.put(f"{AGENDA}{name}.ics", data=event(name))
    token = Delta(phone).token
    statements: list[str] = []
    sql_event.listen(hub.database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    Delta(phone, token)
    assert statements
    assert not [s for s in statements if "items" in s or "revisions" in s]
    assert all(s == "BEGIN" or s.startswith("SELECT") for s in statements)


def test_listings_read_no_text(hub: Hub, phone: Phone) -> None:
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    statements: list[str] = []
    sql_event.listen(hub.database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    body = '<propfind xmlns="DAV:"><prop><getetag/><getcontenttype/></prop></propfind>'
    assert "a.ics" in phone.request("PROPFIND", AGENDA, data=body, headers={"Depth": "1"}).text
    assert not [s for s in statements if "revisions" in s]


def test_a_limit_cuts_with_507_and_the_rest_follows(phone: Phone) -> None:
    for number in range(7):
        phone.put(f"{AGENDA}{number}.ics", data=event(str(number)))
    token, seen, cuts = "", [], 0
    for _ in range(4):
        delta = Delta(phone, token, limit=3)
        token = delta.token
        seen += delta.changed
        cuts += delta.cut == [AGENDA]
        assert len(delta.changed) <= 3
    assert seen == [f"{number}.ics" for number in range(7)]
    assert cuts == 2


def test_changes_between_two_parts_of_a_limited_answer_are_not_lost(phone: Phone) -> None:
    for number in range(4):
        phone.put(f"{AGENDA}{number}.ics", data=event(str(number)))
    first = Delta(phone, limit=2)
    phone.delete(f"{AGENDA}0.ics")
    phone.put(f"{AGENDA}1.ics", data=event("1", "DTSTART:20270101T000000Z"))
    rest = Delta(phone, first.token)
    assert (sorted(rest.changed), rest.removed) == (["1.ics", "2.ics", "3.ics"], ["0.ics"])


@pytest.mark.parametrize("change", [{"epoch": "another"}, {"floor": 3}])
def test_r04_a_token_of_another_epoch_or_below_the_floor_is_refused(
    hub: Hub, phone: Phone, change: dict[str, object]
) -> None:
    for name in "abcd":
        phone.put(f"{AGENDA}{name}.ics", data=event(name))
    old = "http://agendahub/ns/sync/epoch-of-agenda/2"
    assert Delta(phone, old).changed == ["c.ics", "d.ics"]
    hub.execute(update(collections).where(collections.c.id == 1).values(change))
    refused = Delta(phone, old)
    assert (refused.status, "<D:valid-sync-token/>" in refused.text) == (403, True)


@pytest.mark.parametrize("token", ["nonsense", "http://agendahub/ns/sync/epoch-of-agenda/999", "http://x/1"])
def test_r04_a_token_that_is_not_ours_is_refused(phone: Phone, token: str) -> None:
    refused = Delta(phone, token)
    assert (refused.status, "<D:valid-sync-token/>" in refused.text) == (403, True)


def test_a_collection_made_again_has_new_tokens(phone: Phone) -> None:
    path = "/dav/calendars/ada/mine/"
    tokens = []
    for _ in range(2):
        assert phone.request("MKCALENDAR", path).status_code == 201
        tokens.append(Delta(phone, path=path).token)
        assert phone.delete(path).status_code == 204
    assert phone.request("MKCALENDAR", path).status_code == 201
    assert Delta(phone, tokens[0], path=path).status == 403
    assert len(set(tokens)) == 2


def test_ctag_and_token_change_with_every_change_only(phone: Phone) -> None:
    body = (
        '<propfind xmlns="DAV:"><prop><sync-token/><getctag xmlns="http://calendarserver.org/ns/"/></prop></propfind>'
    )
    states = []
    for act in ("put", "get", "put2", "delete"):
        if act == "get":
            phone.get(f"{AGENDA}a.ics")
        elif act == "delete":
            phone.delete(f"{AGENDA}a.ics")
        else:
            phone.put(f"{AGENDA}a.ics", data=event("a", "", f"LOCATION:{act}"))
        states.append(phone.request("PROPFIND", AGENDA, data=body, headers={"Depth": "0"}).text)
    assert states[0] == states[1]
    assert len(set(states)) == 3


# ---------------------------------------------------------------- multiget


def multiget(phone: Phone, hrefs: list[str], kind: str = "calendar", path: str = AGENDA) -> str:
    space = {"calendar": "caldav", "addressbook": "carddav"}[kind]
    data = {"calendar": "calendar", "addressbook": "address"}[kind]
    wanted = "".join(f"<href>{href}</href>" for href in hrefs)
    return phone.request(
        "REPORT",
        path,
        data=f'<C:{kind}-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:{space}">'
        f"<prop><getetag/><C:{data}-data/></prop>{wanted}</C:{kind}-multiget>",
    ).text


def test_multiget_takes_hrefs_of_all_forms_and_says_what_is_missing(phone: Phone) -> None:
    phone.put(f"{AGENDA}a@b.ics", data=event("a"))
    forms = [f"{AGENDA}a@b.ics", f"{AGENDA}a%40b.ics", f"{phone.base}{AGENDA}a%40b.ics", "a@b.ics"]
    for form in forms:
        assert multiget(phone, [form]).count("BEGIN:VEVENT") == 1
    text = multiget(phone, [*forms, f"{AGENDA}none.ics", "/elsewhere"])
    assert (text.count("BEGIN:VEVENT"), text.count("404 Not Found")) == (1, 2)


def test_multiget_gives_the_stored_text_exactly(phone: Phone) -> None:
    text = event("a", "", "DESCRIPTION:<&>\\n]]> \U0001f600")
    phone.put(f"{AGENDA}a.ics", data=text.encode())
    root = etree.fromstring(multiget(phone, [f"{AGENDA}a.ics"]).encode())
    assert root.findtext(".//{urn:ietf:params:xml:ns:caldav}calendar-data") == text


def test_multiget_of_very_many(hub: Hub, phone: Phone) -> None:
    for number in range(1200):
        hub.item(1, event(f"e{number}"), f"{number}.ics") if number % 400 == 0 else None
    hrefs = [f"{AGENDA}{number}.ics" for number in range(5000)]
    text = multiget(phone, hrefs)
    assert (text.count("BEGIN:VEVENT"), text.count("404 Not Found")) == (3, 4997)


def test_multiget_of_cards(phone: Phone) -> None:
    phone.put(f"{PEOPLE}a.vcf", data=card("a", "Ada"))
    assert "FN:Ada" in multiget(phone, [f"{PEOPLE}a.vcf"], "addressbook", PEOPLE)


# ---------------------------------------------------------------- queries


def query(phone: Phone, component: str, start: str = "", end: str = "", inner: str = "") -> set[str]:
    times = f"{f'start={chr(34)}{start}{chr(34)}' if start else ''} {f'end={chr(34)}{end}{chr(34)}' if end else ''}"
    timed = f"<C:time-range {times}/>" if start or end else ""
    answer = phone.request(
        "REPORT",
        AGENDA,
        headers={"Depth": "1"},
        data='<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><C:filter>'
        f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="{component}">{timed}{inner}</C:comp-filter>'
        "</C:comp-filter></C:filter></C:calendar-query>",
    )
    assert answer.status_code == 207, answer.text
    return {name.removesuffix(".ics") for name in re.findall(r"agenda/([^<]*)</D:href>", answer.text)}


ZURICH = "DTSTART;TZID=Europe/Zurich:"


@pytest.fixture
def filled(phone: Phone) -> Phone:
    items = {
        "single": event("single", "DTSTART:20260310T090000Z", "DTEND:20260310T100000Z"),
        "before": event("before", "DTSTART:20260101T090000Z", "DTEND:20260101T100000Z"),
        "after": event("after", "DTSTART:20260501T090000Z", "DTEND:20260501T100000Z"),
        "long": event("long", "DTSTART:20260201T090000Z", "DTEND:20260601T100000Z"),
        "weekly": event("weekly", f"{ZURICH}20250101T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
        "ended": event("ended", f"{ZURICH}20250101T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4"),
        "yearly": event("yearly", "DTSTART;VALUE=DATE:20200701", "RRULE:FREQ=YEARLY"),
        "allday": event("allday", "DTSTART;VALUE=DATE:20260331", "DTEND;VALUE=DATE:20260401"),
        "instant": event("instant", "DTSTART:20260301T000000Z"),
        "todo": event("todo", "DUE:20260315T120000Z", component="VTODO"),
        "undated": event("undated", "", component="VTODO"),
    }
    for name, text in items.items():
        assert phone.put(f"{AGENDA}{name}.ics", data=text).status_code == 201, name
    return phone


def test_time_range_of_a_month(filled: Phone) -> None:
    march = query(filled, "VEVENT", "20260301T000000Z", "20260401T000000Z")
    assert march == {"single", "long", "weekly", "allday", "instant"}


def test_time_range_ends_are_half_open(filled: Phone) -> None:
    assert "single" not in query(filled, "VEVENT", "20260310T100000Z", "20260310T110000Z")
    assert "single" in query(filled, "VEVENT", "20260310T095959Z", "20260310T110000Z")
    assert "single" not in query(filled, "VEVENT", "20260310T080000Z", "20260310T090000Z")
    assert "instant" in query(filled, "VEVENT", "20260301T000000Z", "20260301T000001Z")


def test_open_time_ranges(filled: Phone) -> None:
    assert query(filled, "VEVENT", start="20260402T000000Z") == {"after", "long", "weekly", "yearly"}
    assert query(filled, "VEVENT", end="20250101T000000Z") == {"yearly"}


def test_tasks_by_time_and_all(filled: Phone) -> None:
    assert query(filled, "VTODO", "20260301T000000Z", "20260401T000000Z") == {"todo", "undated"}
    assert query(filled, "VTODO", "20260401T000000Z", "20260501T000000Z") == {"undated"}
    assert query(filled, "VTODO") == {"todo", "undated"}


def test_property_filters_with_a_time_range(filled: Phone) -> None:
    titled = '<C:prop-filter name="SUMMARY"><C:text-match>SING</C:text-match></C:prop-filter>'
    assert query(filled, "VEVENT", "20260301T000000Z", "20260401T000000Z", titled) == {"single"}
    assert query(filled, "VEVENT", "20260401T000000Z", "20260501T000000Z", titled) == set()


def test_an_occurrence_moved_away_is_found_where_it_is_now(phone: Phone) -> None:
    moved = (
        "RRULE:FREQ=MONTHLY;COUNT=3\r\nDURATION:PT1H\r\nEXDATE:20260405T090000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:s\r\n"
        "DTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260505T090000Z\r\nDTSTART:20260720T090000Z\r\nDURATION:PT1H"
    )
    phone.put(f"{AGENDA}s.ics", data=event("s", "DTSTART:20260305T090000Z", moved))
    months = {n for n in range(1, 10) if query(phone, "VEVENT", f"20260{n}01T000000Z", f"20260{n}28T000000Z")}
    assert months == {3, 7}


def test_all_day_events_follow_the_zone_of_the_collection(hub: Hub, phone: Phone) -> None:
    phone.put(f"{AGENDA}day.ics", data=event("day", "DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260311"))
    in_tokyo_only = ("20260309T160000Z", "20260309T170000Z")
    assert query(phone, "VEVENT", *in_tokyo_only) == set()
    zone = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Asia/Tokyo\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
    hub.execute(update(collections).where(collections.c.id == 1).values(timezone=zone))
    assert query(phone, "VEVENT", *in_tokyo_only) == {"day"}


BOMBS = ("FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;COUNT=999999")


@pytest.mark.parametrize("rule", BOMBS)
def test_a_recurrence_bomb_is_refused(phone: Phone, rule: str) -> None:
    answer = phone.put(f"{AGENDA}bomb.ics", data=event("bomb", "DTSTART:19700101T000000Z", f"RRULE:{rule}"))
    assert (answer.status_code, "<C:valid-calendar-data/>" in answer.text) == (403, True)


def test_a_recurrence_bomb_that_came_by_a_sync_does_not_stop_queries(hub: Hub, phone: Phone) -> None:
    for number, rule in enumerate(BOMBS):
        hub.item(1, event(f"bomb{number}", "DTSTART:19700101T000000Z", f"RRULE:{rule}"))
    hub.item(1, event("good"))
    started = time.perf_counter()
    assert "good" in query(phone, "VEVENT", "20260301T000000Z", "20260401T000000Z")
    assert time.perf_counter() - started < 5


def test_a_time_range_without_a_meaning_is_refused_rather_than_answered_wrongly(phone: Phone) -> None:
    timed = '<C:comp-filter name="VTIMEZONE"><C:time-range start="20260101T000000Z"/></C:comp-filter>'
    body = (
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop/><C:filter><C:comp-filter '
        f'name="VCALENDAR">{timed}</C:comp-filter></C:filter></C:calendar-query>'
    )
    answer = phone.request("REPORT", AGENDA, data=body)
    assert (answer.status_code, "<C:valid-filter/>" in answer.text) == (403, True)


def test_cards_by_name_with_a_limit(phone: Phone) -> None:
    for number in range(5):
        phone.put(f"{PEOPLE}{number}.vcf", data=card(str(number), f"Zoë {number}" if number < 4 else "Bob"))
    body = (
        '<A:addressbook-query xmlns="DAV:" xmlns:A="urn:ietf:params:xml:ns:carddav"><prop><A:address-data/></prop>'
        '<A:filter><A:prop-filter name="FN"><A:text-match>zoë</A:text-match></A:prop-filter></A:filter>{}'
        "</A:addressbook-query>"
    )
    answer = phone.request("REPORT", PEOPLE, data=body.format("").encode()).text
    assert (answer.count("FN:Zo"), answer.count("FN:Bob"), "507" in answer) == (4, 0, False)
    limited = phone.request(
        "REPORT", PEOPLE, data=body.format("<A:limit><A:nresults>2</A:nresults></A:limit>").encode()
    ).text
    assert limited.count("FN:Zo") == 2
    assert f"<D:href>{PEOPLE}</D:href><D:status>HTTP/1.1 507 Insufficient Storage" in limited


@pytest.mark.parametrize("report", ["<nothing xmlns='DAV:'/>", "<version-tree xmlns='DAV:'/>"])
def test_unknown_reports_are_refused_by_their_precondition(phone: Phone, report: str) -> None:
    answer = phone.request("REPORT", AGENDA, data=report)
    assert (answer.status_code, "<D:supported-report/>" in answer.text) == (403, True)
