"""GET, PUT and DELETE on the running gateway."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from storage.tables import revisions
from tests.servers.gateway import Hub, Phone, running_hub

CALENDAR, BOOK = "/dav/calendars/ada/agenda/", "/dav/addressbooks/ada/people/"
ICS = {"Content-Type": "text/calendar; charset=utf-8"}
VCF = {"Content-Type": "text/vcard; charset=utf-8"}
CORPORA = Path(__file__).parents[3] / "shared/corpora"


def event(uid: str = "one", *lines: str, component: str = "VEVENT") -> bytes:
    inner = "".join(f"{line}\r\n" for line in lines)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
        f"BEGIN:{component}\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260301T090000Z\r\nSUMMARY:Übung\r\n"
        f"{inner}END:{component}\r\nEND:VCALENDAR\r\n"
    ).encode()


def card(uid: str = "one", *lines: str) -> bytes:
    inner = "".join(f"{line}\r\n" for line in lines)
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:Zoë\r\nN:Zoë;;;;\r\n{inner}END:VCARD\r\n".encode()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user("ada")
        running.collection("agenda", "event")
        running.collection("tasks", "task")
        running.collection("people", "contact")
        yield running


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


@pytest.mark.parametrize(
    "body",
    [
        event(),
        event().replace(b"\r\n", b"\n"),
        event("x", "X-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:37.331,-122.030", "DESCRIPTION:" + "long " * 500),
        b"\xef\xbb\xbf" + event(),
        event() + b"\r\n\r\n",
        event("x", 'ATTENDEE;CN="A; B":mailto:a@example.org', "X-EMPTY:", "RRULE:FREQ=DAILY;COUNT=3"),
    ],
)
def test_events_come_back_byte_for_byte(phone: Phone, body: bytes) -> None:
    made = phone.put(f"{CALENDAR}a.ics", data=body, headers=ICS)
    assert made.status_code == 201
    got = phone.get(f"{CALENDAR}a.ics")
    assert got.content == body
    assert got.headers["etag"] == made.headers["etag"]
    assert got.headers["content-type"] == "text/calendar; charset=utf-8; component=VEVENT"
    assert got.headers["last-modified"].endswith(" GMT")


def test_cards_come_back_byte_for_byte(phone: Phone) -> None:
    body = card(
        "one", "item1.TEL:+41 44", "item1.X-ABLabel:_$!<Other>!$_", "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 3000
    )
    assert phone.put(f"{BOOK}a.vcf", data=body, headers=VCF).status_code == 201
    got = phone.get(f"{BOOK}a.vcf")
    assert (got.content, got.headers["content-type"]) == (body, "text/vcard; charset=utf-8")


def test_other_character_sets_are_converted_and_get_no_entity_tag(phone: Phone) -> None:
    headers = {"Content-Type": "text/calendar; charset=iso-8859-1"}
    made = phone.put(f"{CALENDAR}a.ics", data=event().decode().encode("latin-1"), headers=headers)
    assert made.status_code == 201
    assert "etag" not in made.headers
    assert "SUMMARY:Übung" in phone.get(f"{CALENDAR}a.ics").content.decode()


def test_a_card_without_uid_is_kept_and_can_be_changed(phone: Phone) -> None:
    body = card().replace(b"UID:one\r\n", b"")
    assert phone.put(f"{BOOK}a.vcf", data=body, headers=VCF).status_code == 201
    assert phone.get(f"{BOOK}a.vcf").content == body
    assert phone.put(f"{BOOK}b.vcf", data=body, headers=VCF).status_code == 201
    assert phone.put(f"{BOOK}a.vcf", data=body.replace(b"Zo", b"Mo"), headers=VCF).status_code == 204


def test_conditional_writes(phone: Phone) -> None:
    url = f"{CALENDAR}a.ics"
    assert phone.put(url, data=event(), headers={**ICS, "If-Match": '"x"'}).status_code == 412
    first = phone.put(url, data=event(), headers={**ICS, "If-None-Match": "*"})
    assert first.status_code == 201
    assert phone.put(url, data=event("one", "LOCATION:x"), headers={**ICS, "If-None-Match": "*"}).status_code == 412
    current = {"If-Match": first.headers["etag"]}
    second = phone.put(url, data=event("one", "LOCATION:y"), headers=ICS | current)
    assert second.status_code == 204
    assert second.headers["etag"] != first.headers["etag"]
    assert phone.put(url, data=event(), headers=ICS | current).status_code == 412
    assert phone.delete(url, headers=current).status_code == 412
    assert phone.delete(url, headers={"If-Match": second.headers["etag"]}).status_code == 204
    assert phone.get(url).status_code == 404
    assert phone.delete(url).status_code == 404


def test_a_conditional_read_of_an_unchanged_item_has_no_body(phone: Phone) -> None:
    tag = phone.put(f"{CALENDAR}a.ics", data=event(), headers=ICS).headers["etag"]
    got = phone.get(f"{CALENDAR}a.ics", headers={"If-None-Match": tag})
    assert (got.status_code, got.content, got.headers["etag"]) == (304, b"", tag)
    assert phone.get(f"{CALENDAR}a.ics", headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_is_get_without_a_body(phone: Phone) -> None:
    phone.put(f"{CALENDAR}a.ics", data=event(), headers=ICS)
    head, got = phone.head(f"{CALENDAR}a.ics"), phone.get(f"{CALENDAR}a.ics")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))
    assert head.headers["etag"] == got.headers["etag"]


def test_a_second_item_with_a_uid_is_refused_with_the_address_of_the_first(phone: Phone) -> None:
    phone.put(f"{CALENDAR}a.ics", data=event(), headers=ICS)
    clash = phone.put(f"{CALENDAR}b.ics", data=event(), headers=ICS)
    assert clash.status_code == 409
    assert "<C:no-uid-conflict><D:href>/dav/calendars/ada/agenda/a.ics</D:href>" in clash.text
    assert phone.get(f"{CALENDAR}b.ics").status_code == 404


def test_the_uid_of_an_item_does_not_change(phone: Phone) -> None:
    phone.put(f"{CALENDAR}a.ics", data=event(), headers=ICS)
    clash = phone.put(f"{CALENDAR}a.ics", data=event("two"), headers=ICS)
    assert (clash.status_code, "no-uid-conflict" in clash.text) == (409, True)


def test_a_deleted_item_can_be_made_again_at_its_address_or_another(phone: Phone) -> None:
    for name, uid in (("a.ics", "one"), ("a.ics", "one"), ("b.ics", "one"), ("a.ics", "two"), ("b.ics", "three")):
        url = CALENDAR + name
        assert phone.put(url, data=event(uid), headers={**ICS, "If-None-Match": "*"}).status_code == 201
        assert phone.get(url).content == event(uid)
        assert phone.delete(url).status_code == 204


def test_writing_the_same_again_changes_nothing(hub: Hub, phone: Phone) -> None:
    phone.put(f"{CALENDAR}a.ics", data=event(), headers=ICS)
    with hub.database.read() as unit:
        before = unit.collection_seq(1)
    assert phone.put(f"{CALENDAR}a.ics", data=event(), headers=ICS).status_code == 204
    with hub.database.read() as unit:
        assert unit.collection_seq(1) == before


@pytest.mark.parametrize(
    ("url", "body", "status", "condition"),
    [
        (CALENDAR, event("one", "DESCRIPTION:" + "x" * 600_000), 403, "C:max-resource-size"),
        (BOOK, card("one", "NOTE:" + "x" * 2_200_000), 403, "A:max-resource-size"),
        (CALENDAR, event("one", "DESCRIPTION:" + "x" * 20_000_000), 403, "C:max-resource-size"),
        (CALENDAR, b"hello", 403, "C:valid-calendar-data"),
        (CALENDAR, b"", 403, "C:valid-calendar-data"),
        (CALENDAR, event()[:-30], 403, "C:valid-calendar-data"),
        (BOOK, b"BEGIN:VCARD\r\n", 403, "A:valid-address-data"),
        (CALENDAR, event("one", "SUMMARY:a\0b"), 403, "C:valid-calendar-data"),
        (CALENDAR, event("one", "RRULE:FREQ=DAILY\r\nX:\0"), 403, "C:valid-calendar-data"),
        (CALENDAR, event("u" * 701), 403, "C:valid-calendar-data"),
        (CALENDAR, event("one", component="VTODO"), 403, "C:supported-calendar-component"),
        ("/dav/calendars/ada/tasks/", event(), 403, "C:supported-calendar-component"),
        (CALENDAR, card(), 415, "C:supported-calendar-data"),
        (BOOK, event(), 415, "A:supported-address-data"),
        (
            CALENDAR,
            event("one", *(f"ATTENDEE:mailto:{n}@example.org" for n in range(600))),
            403,
            "C:max-attendees-per-instance",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_precondition(
    phone: Phone, url: str, body: bytes, status: int, condition: str
) -> None:
    refused = phone.put(f"{url}a", data=body)
    assert refused.status_code == status
    assert f"<{condition}/>" in refused.text
    assert phone.get(f"{url}a").status_code == 404


@pytest.mark.parametrize("sent", ["text/html", "application/json", "image/png"])
def test_other_media_types_are_refused(phone: Phone, sent: str) -> None:
    assert phone.put(f"{CALENDAR}a.ics", data=event(), headers={"Content-Type": sent}).status_code == 415


def test_compressed_and_partial_uploads_are_refused(phone: Phone) -> None:
    assert phone.put(f"{CALENDAR}a.ics", data=event(), headers={"Content-Encoding": "gzip"}).status_code == 415
    partial = {"Content-Range": "bytes 0-9/20"}
    assert phone.put(f"{CALENDAR}a.ics", data=event(), headers=partial).status_code == 400


def test_a_body_that_never_ends_is_cut_off_at_the_bound(phone: Phone) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(40):
            sent += 1
            yield b"x" * 1024 * 1024

    answer = phone.put(f"{CALENDAR}a.ics", data=endless())
    assert answer.status_code == 403
    assert "max-resource-size" in answer.text


def test_an_announced_giant_is_refused_before_it_is_sent(hub: Hub, phone: Phone) -> None:
    host, port = hub.url.removeprefix("http://").split(":")
    authorization = phone.get("/dav/").request.headers["Authorization"]
    head = f"PUT {CALENDAR}a.ics HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: 9000000\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "name", ["a b.ics", "ä%2F..%2F..ics", "a@b.ics", "a;b,c:d.ics", "ünï.ics", "%25.ics", "?#.ics"]
)
def test_names_are_opaque_keys(phone: Phone, name: str) -> None:
    written = name if "%2F" in name else quote(name, safe="@;,:")
    assert phone.put(CALENDAR + written, data=event(), headers=ICS).status_code == 201
    listed = phone.request("PROPFIND", CALENDAR, headers={"Depth": "1"}).text
    (href,) = [part.split("<")[0] for part in listed.split("<D:href>")[1:] if not part.startswith(f"{CALENDAR}<")]
    assert phone.get(href).content == event()
    assert phone.delete(href).status_code == 204


@pytest.mark.parametrize("name", ["a%0D%0ASet-Cookie:%20x.ics", "a%00.ics", "..", ".", "%2e%2e", "%FF.ics", "x" * 701])
def test_names_with_control_characters_or_dots_only_are_nowhere(hub: Hub, phone: Phone, name: str) -> None:
    host, port = hub.url.removeprefix("http://").split(":")
    authorization = phone.get("/dav/").request.headers["Authorization"]
    head = f"PUT {CALENDAR}{name} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n"
    body = event()
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = line.recv(2000)
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"set-cookie" not in answer.lower()


def test_a_uid_with_line_ends_cannot_reach_a_header(phone: Phone) -> None:
    phone.put(f"{CALENDAR}a.ics", data=event("one\\r\\nSet-Cookie: x"), headers=ICS)
    clash = phone.put(f"{CALENDAR}b.ics", data=event("one\\r\\nSet-Cookie: x"), headers=ICS)
    assert clash.status_code == 409
    assert "set-cookie" not in clash.headers


def test_history_names_the_user_and_the_device(hub: Hub, phone: Phone) -> None:
    phone.put(f"{CALENDAR}a.ics", data=event(), headers=ICS)
    assert [row.actor for row in hub.execute(revisions.select())] == ["user ada, device Phone"]


def test_real_files_come_back_byte_for_byte_or_are_refused_with_a_reason(phone: Phone) -> None:
    """Own samples always; the collected files of others where they are at hand."""
    bodies = [event("x", f"SUMMARY:{n}") for n in range(3)] + [card("y", f"NOTE:{n}") for n in range(3)]
    if CORPORA.exists():
        found = sorted(path for path in CORPORA.rglob("*") if path.suffix in (".ics", ".vcf"))
        bodies += [path.read_bytes() for path in found[:: max(1, len(found) // 150)]]
    kept = 0
    for number, body in enumerate(bodies):
        folder = BOOK if b"VCARD" in body[:200].upper() else CALENDAR
        made = phone.put(f"{folder}f{number}", data=body)
        assert made.status_code in (201, 403, 409, 415), (made.status_code, body[:300])
        if made.status_code == 201:
            kept += 1
            got = phone.get(f"{folder}f{number}")
            assert ("etag" in made.headers) == (got.content == body)
            assert phone.delete(f"{folder}f{number}").status_code == 204
    assert kept >= 6
