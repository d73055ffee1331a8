"""Files and attachments over PostgreSQL, and two writers at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.blobs import PART
from storage.tables import attachments, blobs, files
from tests.servers.gateway import Hub, Phone, running_hub

HOME = "/dav/files/ada/"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\nSUMMARY:e\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def hub(tmp_path: Path, postgres_url: str) -> Iterator[Hub]:
    with running_hub(tmp_path, url=postgres_url) as running:
        running.user("ada")
        running.collection("team", "event")
        yield running


def test_files_and_attachments_live_and_go(hub: Hub) -> None:
    ada = hub.phone("ada")
    content = b"0123456789" * (PART // 5)
    assert ada.request("MKCOL", f"{HOME}a").status_code == 201
    assert ada.put(f"{HOME}a/x", data=content).status_code == 201
    patch = '<propertyupdate xmlns="DAV:"><set><prop><p xmlns="urn:x">kept</p></prop></set></propertyupdate>'
    assert "200 OK" in ada.request("PROPPATCH", f"{HOME}a/x", data=patch).text
    assert ada.request("COPY", f"{HOME}a", headers={"Destination": f"{HOME}b"}).status_code == 201
    assert ada.request("MOVE", f"{HOME}a", headers={"Destination": f"{HOME}b/c"}).status_code == 201
    assert ada.get(f"{HOME}b/c/x").content == content
    assert ">kept<" in ada.request("PROPFIND", f"{HOME}b", headers={"Depth": "1"}).text
    path = "/dav/calendars/ada/team/e.ics"
    assert ada.put(path, data=EVENT.encode()).status_code == 201
    made = ada.post(f"{path}?action=attachment-add", data=content, headers={"Content-Type": "text/plain"})
    assert made.status_code == 201
    assert ada.get(made.headers["location"], headers={"Range": "bytes=-3"}).content == b"789"
    assert ada.delete(f"{HOME}b").status_code == 204
    held = (select(func.count()).select_from(table) for table in (files, attachments, blobs))
    assert [hub.execute(statement).scalar_one() for statement in held] == [0, 1, 1]


def test_no_file_is_left_in_a_folder_that_goes_away(hub: Hub) -> None:
    phones = [hub.phone("ada", f"Phone {number}") for number in range(4)]

    def work(one: tuple[int, Phone]) -> set[int]:
        number, phone = one
        seen = set()
        for turn in range(6):
            if number % 2:
                seen.add(phone.put(f"{HOME}a/{turn}", data=b"x" * 100).status_code)
            else:
                seen.add(phone.request("MKCOL", f"{HOME}a").status_code)
                seen.add(phone.delete(f"{HOME}a").status_code)
        return seen

    with ThreadPoolExecutor(4) as pool:
        codes = set().union(*pool.map(work, enumerate(phones)))
    assert codes <= {201, 204, 404, 405, 409}
    phones[0].delete(f"{HOME}a")
    left = [hub.execute(select(func.count()).select_from(table)).scalar_one() for table in (files, blobs)]
    assert left == [0, 0]
