"""Reading items: conditions, parts, compression, versions of cards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.gateway import Hub, Phone, running_hub

AGENDA, PEOPLE = "/dav/calendars/ada/agenda/", "/dav/addressbooks/ada/people/"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nSUMMARY:{0}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Zoë\r\nN:Z;;;;\r\nTEL;TYPE=PREF:+41\r\nX-Odd; a=1:é\r\nEND:VCARD\r\n"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(Path(tmp_path_factory.mktemp("reading"))) as running:
        running.user("ada")
        calendar = running.collection("agenda", "event")
        book = running.collection("people", "contact")
        for number in range(60):
            running.item(calendar, EVENT.format(number), f"{number}.ics")
        running.item(book, CARD, "z.vcf")
        yield running


@pytest.fixture(scope="module")
def phone(hub: Hub) -> Phone:
    return hub.phone("ada")


def test_what_the_client_has_is_not_sent_again(phone: Phone) -> None:
    whole = phone.get(f"{AGENDA}1.ics")
    tag, since = whole.headers["etag"], whole.headers["last-modified"]
    for headers in ({"If-None-Match": tag}, {"If-None-Match": f"W/{tag}"}, {"If-Modified-Since": since}):
        again = phone.get(f"{AGENDA}1.ics", headers=headers)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert phone.get(f"{AGENDA}1.ics", headers={"If-None-Match": '"x"', "If-Modified-Since": since}).status_code == 200


def test_a_part(phone: Phone) -> None:
    whole = phone.get(f"{AGENDA}1.ics")
    assert whole.headers["accept-ranges"] == "bytes"
    part = phone.get(f"{AGENDA}1.ics", headers={"Range": "bytes=3-9", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, whole.content[3:10])
    assert part.headers["content-range"] == f"bytes 3-9/{len(whole.content)}"
    assert phone.head(f"{AGENDA}1.ics", headers={"Range": "bytes=3-9"}).status_code == 200
    beyond = phone.get(f"{AGENDA}1.ics", headers={"Range": "bytes=9999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")


def test_lists_are_compressed_for_who_asks_and_items_never(phone: Phone) -> None:
    listing = {"method": "PROPFIND", "url": AGENDA, "data": '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'}
    squeezed = phone.request(**listing, headers={"Depth": "1", "Accept-Encoding": "gzip"})
    plain = phone.request(**listing, headers={"Depth": "1", "Accept-Encoding": "identity"})
    assert (squeezed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert squeezed.content == plain.content  # the client unpacks it
    assert int(squeezed.headers["content-length"]) < len(plain.content) / 3
    item = phone.get(f"{AGENDA}1.ics", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in item.headers


def test_a_card_comes_in_the_version_that_is_accepted(phone: Phone) -> None:
    stored = phone.get(f"{PEOPLE}z.vcf")
    assert (stored.content.decode(), stored.headers["vary"]) == (CARD, "Accept")
    four = phone.get(f"{PEOPLE}z.vcf", headers={"Accept": "text/vcard; version=4.0"})
    assert four.headers["content-type"] == "text/vcard; charset=utf-8; version=4.0"
    assert "VERSION:4.0" in four.text
    assert "TEL;PREF=1:+41" in four.text
    tag = four.headers["etag"]
    assert tag == f"W/{stored.headers['etag']}"
    for headers, status in (({"If-None-Match": tag}, 304), ({"If-None-Match": stored.headers["etag"]}, 200)):
        again = phone.get(f"{PEOPLE}z.vcf", headers={"Accept": "text/vcard; version=4.0", **headers})
        assert again.status_code == status
    three = phone.get(f"{PEOPLE}z.vcf", headers={"Accept": "text/vcard; version=3.0"})
    assert (three.content.decode(), three.headers["etag"]) == (CARD, stored.headers["etag"])
    changed = phone.put(f"{PEOPLE}z.vcf", data=four.content, headers={"If-Match": tag})
    assert changed.status_code == 204
