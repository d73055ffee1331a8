"""Queries of the running gateway: all that RFC 4791 9.7 and RFC 6352 10.5 can ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.gateway import Hub, Phone, running_hub

AGENDA, PEOPLE = "/dav/calendars/ada/agenda/", "/dav/addressbooks/ada/people/"
NAMES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"'
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER{0}\r\n{1}END:VALARM\r\n"


def event(uid: str, *lines: str, component: str = "VEVENT", more: str = "") -> str:
    inner = "".join(f"{line}\r\n" for line in lines)
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:{component}\r\nUID:{uid}\r\n"
        f"DTSTAMP:20260101T000000Z\r\nSUMMARY:{uid}\r\n{inner}END:{component}\r\n{more}END:VCALENDAR\r\n"
    )


NINE = ("DTSTART:20260310T090000Z", "DTEND:20260310T100000Z")
WEEKLY = ("DTSTART:20260302T090000Z", "DTEND:20260302T100000Z", "RRULE:FREQ=WEEKLY;COUNT=10")
MOVED = (
    "BEGIN:VEVENT\r\nUID:moved\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260316T090000Z\r\n"
    "DTSTART:20260316T150000Z\r\nDTEND:20260316T160000Z\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\n"
)
ITEMS = {
    "before": event("before", *NINE, ALARM.format(":-PT15M", "").strip()),
    "end": event("end", *NINE, ALARM.format(";RELATED=END:PT1H", "").strip()),
    "fixed": event("fixed", *NINE, ALARM.format(";VALUE=DATE-TIME:20260309T120000Z", "").strip()),
    "repeated": event("repeated", *NINE, ALARM.format(":-PT1H", "REPEAT:2\r\nDURATION:PT10M\r\n").strip()),
    "weekly": event("weekly", *WEEKLY, ALARM.format(":-P1D", "").strip()),
    "moved": event("moved", *WEEKLY, more=MOVED),
    "sorted": event("sorted", *NINE, "CATEGORIES:Red\\, dark,Blue", "EXDATE:20260401T090000Z,20260501T090000Z"),
    "todo": event("todo", "DUE:20260310T120000Z", ALARM.format(":-PT30M", "").strip(), component="VTODO"),
    "day": event("day", "DTSTART;VALUE=DATE:20260601"),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(Path(tmp_path_factory.mktemp("queries"))) as running:
        furnish(running)
        yield running


def furnish(hub: Hub) -> None:
    hub.user("ada")
    calendar = hub.collection("agenda", "event,task")
    book = hub.collection("people", "contact")
    for name, content in ITEMS.items():
        hub.item(calendar, content, f"{name}.ics")
    for number in range(5):
        card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{number}\r\nFN:Zoë {number}\r\nN:Z;;;;\r\nEND:VCARD\r\n"
        hub.item(book, card, f"{number}.vcf")


@pytest.fixture(scope="module")
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def report(phone: Phone, inner: str, *, path: str = AGENDA, name: str = "C:calendar-query", prop: str = "") -> str:
    body = f"<{name} {NAMES}><prop>{prop or '<getetag/>'}</prop>{inner}</{name}>"
    answer = phone.request("REPORT", path, headers={"Depth": "1"}, data=body.encode())
    assert answer.status_code == 207, answer.text
    return answer.text


def found(text: str) -> set[str]:
    return {name.partition(".")[0] for name in re.findall(r"/([^</]+)</D:href><D:propstat>", text)}


def query(phone: Phone, inner: str, component: str = "VEVENT", more: str = "", **given: str) -> set[str]:
    comp = f'<C:comp-filter name="{component}">{inner}</C:comp-filter>'
    whole = f'<C:filter><C:comp-filter name="VCALENDAR">{comp}</C:comp-filter></C:filter>{more}'
    return found(report(phone, whole, **given))


def times(start: str, end: str) -> str:
    return f'<C:time-range start="{start}00Z" end="{end}00Z"/>'


def alarm(phone: Phone, start: str, end: str, component: str = "VEVENT") -> set[str]:
    return query(phone, f'<C:comp-filter name="VALARM">{times(start, end)}</C:comp-filter>', component)


# ---------------------------------------------------------------- alarms


@pytest.mark.parametrize(
    ("start", "end", "names"),
    [
        ("20260310T0845", "20260310T0846", {"before"}),
        ("20260310T0846", "20260310T0900", set()),
        ("20260310T1100", "20260310T1101", {"end"}),
        ("20260309T1200", "20260309T1201", {"fixed"}),
        ("20260310T0800", "20260310T0801", {"repeated"}),
        ("20260310T0820", "20260310T0821", {"repeated"}),
        ("20260310T0830", "20260310T0845", set()),
        ("20260322T0900", "20260322T0901", {"weekly"}),  # the day before one of its days
    ],
)
def test_alarms_by_when_they_go_off(phone: Phone, start: str, end: str, names: set[str]) -> None:
    assert alarm(phone, start, end) == names


def test_alarms_of_tasks_go_by_when_these_are_due(phone: Phone) -> None:
    assert alarm(phone, "20260310T1130", "20260310T1131", "VTODO") == {"todo"}
    assert alarm(phone, "20260310T1131", "20260310T1200", "VTODO") == set()


# ---------------------------------------------------------------- components and properties


def text(name: str, wanted: str, **attributes: str) -> str:
    written = " ".join(f'{key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<C:prop-filter name="{name}"><C:text-match {written}>{wanted}</C:text-match></C:prop-filter>'


def test_time_and_words_are_of_the_same_component(phone: Phone) -> None:
    march, april = times("20260301T0000", "20260401T0000"), times("20260401T0000", "20260430T0000")
    dentist = text("SUMMARY", "dentist")
    assert query(phone, march + dentist) == {"moved"}
    assert query(phone, april + dentist) == set()  # then it is the series' own name
    assert query(phone, april + text("SUMMARY", "moved")) == {"moved"}


def test_two_conditions_on_components_of_one_name(phone: Phone) -> None:
    second = f'<C:comp-filter name="VEVENT">{text("SUMMARY", "Dentist")}</C:comp-filter>'
    first = f'<C:comp-filter name="VEVENT">{times("20260401T0000", "20260430T0000")}</C:comp-filter>'
    for both in (first + second, second + first):
        whole = f'<C:filter><C:comp-filter name="VCALENDAR">{both}</C:comp-filter></C:filter>'
        assert found(report(phone, whole)) == {"moved"}


def test_what_is_never_stored_is_never_found(phone: Phone) -> None:
    assert query(phone, times("20260101T0000", "20270101T0000"), "VJOURNAL") == set()
    assert query(phone, "", "VFREEBUSY") == set()
    assert query(phone, "<C:is-not-defined/>", "VJOURNAL") == set(ITEMS)


def test_uid_and_negation(phone: Phone) -> None:
    assert query(phone, text("UID", "sorted", collation="i;octet")) == {"sorted"}
    assert "sorted" not in query(phone, text("UID", "sorted", negate_condition="yes"))
    assert len(query(phone, text("UID", "sorted", negate_condition="yes"))) == 7


def test_values_of_a_list(phone: Phone) -> None:
    assert query(phone, text("CATEGORIES", "blue", match_type="equals")) == {"sorted"}
    assert query(phone, text("CATEGORIES", "red, dark", match_type="equals")) == {"sorted"}
    later = times("20260430T0000", "20260502T0000")
    assert query(phone, f'<C:prop-filter name="EXDATE">{later}</C:prop-filter>') == {"sorted"}


def test_a_query_about_one_item(phone: Phone) -> None:
    everything = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
    assert found(report(phone, everything, path=f"{AGENDA}day.ics")) == {"day"}


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        (f"{AGENDA}none.ics", "C:calendar-query", 404),
        (f"{PEOPLE}none.vcf", "A:addressbook-query", 404),
        ("/dav/calendars/ada/none/", "C:calendar-query", 404),
        ("/dav/calendars/bob/agenda/", "C:calendar-query", 404),
        (PEOPLE, "C:calendar-query", 403),
        (AGENDA, "A:addressbook-query", 403),
        ("/dav/calendars/ada/", "C:calendar-query", 403),
        ("/dav/calendars/ada/", "sync-collection", 403),
        (f"{AGENDA}day.ics", "sync-collection", 403),
    ],
)
def test_each_report_has_its_place(phone: Phone, path: str, name: str, status: int) -> None:
    answer = phone.request("REPORT", path, data=f"<{name} {NAMES}><prop/></{name}>")
    assert (answer.status_code, "<D:supported-report/>" in answer.text) == (status, status == 403)


# ---------------------------------------------------------------- zones


def test_times_without_a_zone_are_where_the_request_says(phone: Phone) -> None:
    evening = times("20260531T1600", "20260531T1700")  # of the day before, but not in Tokyo
    assert query(phone, evening) == set()
    assert query(phone, evening, more="<C:timezone-id>Asia/Tokyo</C:timezone-id>") == {"day"}
    zone = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Asia/Tokyo\nEND:VTIMEZONE\nEND:VCALENDAR"
    assert query(phone, evening, more=f"<C:timezone>{zone}</C:timezone>") == {"day"}


def test_an_unknown_zone_is_refused(phone: Phone) -> None:
    body = f"<C:calendar-query {NAMES}><prop/><C:timezone-id>Mars/Base</C:timezone-id></C:calendar-query>"
    answer = phone.request("REPORT", AGENDA, data=body)
    assert (answer.status_code, "<C:valid-timezone/>" in answer.text) == (403, True)


def test_the_zone_of_a_calendar_by_its_name(phone: Phone) -> None:
    own = "/dav/calendars/ada/own/"
    assert phone.request("MKCALENDAR", own).status_code == 201
    zone = "<C:calendar-timezone-id>{}</C:calendar-timezone-id>"
    body = f"<propertyupdate {NAMES}><set><prop>{zone}</prop></set></propertyupdate>"
    refused = phone.request("PROPPATCH", own, data=body.format("Mars/Base"))
    assert "403 Forbidden" in refused.text
    assert "200 OK" in phone.request("PROPPATCH", own, data=body.format("Asia/Tokyo")).text
    wanted = f"<propfind {NAMES}><prop><C:calendar-timezone-id/><C:calendar-timezone/></prop></propfind>"
    read = phone.request("PROPFIND", own, data=wanted).text
    assert zone.format("Asia/Tokyo") in read
    assert "TZOFFSETTO:+0900" in read
    phone.put(f"{own}day.ics", data=ITEMS["day"])
    assert query(phone, times("20260531T1600", "20260531T1700"), path=own) == {"day"}


# ---------------------------------------------------------------- texts and limits


def test_texts_come_as_they_are_wanted(phone: Phone) -> None:
    comp = '<C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:prop name="DTSTART"/></C:comp></C:comp>'
    expand = '<C:expand start="20260301T000000Z" end="20260310T000000Z"/>'
    multiget = report(
        phone,
        f"<href>{AGENDA}weekly.ics</href>",
        name="C:calendar-multiget",
        prop=f"<C:calendar-data>{comp}{expand}</C:calendar-data>",
    )
    assert re.findall(r"DTSTART:(\w+)", multiget) == ["20260302T090000Z", "20260309T090000Z"]
    assert "SUMMARY" not in multiget
    cards = report(
        phone,
        f"<href>{PEOPLE}1.vcf</href>",
        path=PEOPLE,
        name="A:addressbook-multiget",
        prop='<A:address-data content-type="text/vcard" version="4.0"/>',
    )
    assert "VERSION:4.0" in cards


@pytest.mark.parametrize(
    ("path", "name", "inner"),
    [
        (AGENDA, "C:calendar-query", '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'),
        (PEOPLE, "A:addressbook-query", '<A:filter><A:prop-filter name="FN"/></A:filter>'),
    ],
)
def test_a_limit_and_word_that_there_are_more(phone: Phone, path: str, name: str, inner: str) -> None:
    cut = report(phone, f"{inner}<limit><nresults>3</nresults></limit>", path=path, name=name)
    assert len(found(cut)) == 3
    assert f"<D:href>{path}</D:href><D:status>HTTP/1.1 507" in cut
    whole = report(phone, f"{inner}<limit><nresults>99</nresults></limit>", path=path, name=name)
    assert (len(found(whole)) > 3, "507" in whole) == (True, False)


# ---------------------------------------------------------------- free and busy


def test_free_and_busy(phone: Phone) -> None:
    body = f"<C:free-busy-query {NAMES}>{times('20260316T0000', '20260318T0000')}</C:free-busy-query>"
    answer = phone.request("REPORT", AGENDA, data=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert re.findall("FREEBUSY;FBTYPE=(.*)\r\n", answer.text) == [
        "BUSY:20260316T090000Z/20260316T100000Z",
        "BUSY:20260316T150000Z/20260316T160000Z",
    ]


@pytest.mark.parametrize(
    ("path", "inner", "status"),
    [
        (AGENDA, "", 400),
        (AGENDA, '<C:time-range start="20260101T000000Z"/>', 400),
        (AGENDA, '<C:time-range start="19700101T000000Z" end="20260101T000000Z"/>', 403),
        (PEOPLE, times("20260316T0000", "20260318T0000"), 403),
        (f"{AGENDA}day.ics", times("20260316T0000", "20260318T0000"), 403),
        ("/dav/calendars/bob/agenda/", times("20260316T0000", "20260318T0000"), 404),
    ],
)
def test_free_and_busy_that_cannot_be_told(phone: Phone, path: str, inner: str, status: int) -> None:
    body = f"<C:free-busy-query {NAMES}>{inner}</C:free-busy-query>"
    assert phone.request("REPORT", path, data=body).status_code == status


def test_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    with running_hub(tmp_path, url=postgres_url) as hub:
        furnish(hub)
        phone = hub.phone("ada")
        test_alarms_by_when_they_go_off(phone, "20260322T0900", "20260322T0901", {"weekly"})
        test_time_and_words_are_of_the_same_component(phone)
        test_what_is_never_stored_is_never_found(phone)
        test_uid_and_negation(phone)
        test_times_without_a_zone_are_where_the_request_says(phone)
        test_the_zone_of_a_calendar_by_its_name(phone)
        test_texts_come_as_they_are_wanted(phone)
        test_free_and_busy(phone)
        zoe = '<A:filter><A:prop-filter name="FN"><A:text-match>ZOË</A:text-match></A:prop-filter></A:filter>'
        assert found(report(phone, zoe, path=PEOPLE, name="A:addressbook-query")) == set("01234")
