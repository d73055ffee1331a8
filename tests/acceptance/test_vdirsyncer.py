"""vdirsyncer, a real client as a process of its own, syncs both ways through the gateway."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.gateway import Hub, Phone, running_hub

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:20260301T090000Z
DTEND:20260301T100000Z
SUMMARY:{summary}
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Office:geo:37.331686,-122.030656
END:VEVENT
END:VCALENDAR
"""
CARD = """BEGIN:VCARD
VERSION:3.0
UID:{uid}
FN:{name}
N:{name};;;;
item1.TEL:+41 44 000 00 00
item1.X-ABLabel:Boat
END:VCARD
"""
CONFIG = """[general]
status_path = "{folder}/status/"
[pair calendars]
a = "disk_calendars"
b = "hub_calendars"
collections = ["from a", "from b"]
metadata = ["color", "displayname"]
[storage disk_calendars]
type = "filesystem"
path = "{folder}/calendars/"
fileext = ".ics"
[storage hub_calendars]
type = "caldav"
url = "{url}/"
username = "{user}"
password = "{password}"
[pair books]
a = "disk_books"
b = "hub_books"
collections = ["from a", "from b"]
[storage disk_books]
type = "filesystem"
path = "{folder}/books/"
fileext = ".vcf"
[storage hub_books]
type = "carddav"
url = "{url}/"
username = "{user}"
password = "{password}"
"""


class Device:
    """A folder kept in step with the gateway by vdirsyncer."""

    def __init__(self, folder: Path, phone: Phone, user: str) -> None:
        self.folder = folder
        for name in ("calendars", "books"):
            (folder / name).mkdir(parents=True)
        values = {"folder": folder, "url": phone.base, "user": user, "password": phone.password}
        (folder / "config").write_text(CONFIG.format(**values))

    def run(self, command: str) -> str:
        """Run vdirsyncer; yes to the question whether a collection that is on one side only shall be made."""
        program = str(Path(sys.executable).with_name("vdirsyncer"))
        arguments = [program, "-c", str(self.folder / "config"), "-v", "WARNING", command]
        done = subprocess.run(arguments, input="y\n" * 20, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sync(self) -> str:
        """One cycle."""
        return self.run("sync")

    def write(self, path: str, text: str) -> None:
        """Make or change a file."""
        (self.folder / path).write_text(text)

    def texts(self, path: str) -> list[str]:
        """What is in the files of a folder."""
        return sorted(file.read_text() for file in (self.folder / path).iterdir() if not file.name.startswith("."))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        running.user("ada@example.org")
        running.collection("agenda", "event,task")
        running.collection("people", "contact")
        yield running


@pytest.fixture
def laptop(hub: Hub, tmp_path: Path) -> Device:
    return Device(tmp_path / "laptop", hub.phone("ada@example.org", "Laptop"), "ada@example.org")


@pytest.fixture
def desktop(hub: Hub, tmp_path: Path) -> Device:
    return Device(tmp_path / "desktop", hub.phone("ada@example.org", "Desktop"), "ada@example.org")


def test_events_and_contacts_travel_between_two_devices(laptop: Device, desktop: Device) -> None:
    for device in (laptop, desktop):
        device.run("discover")
    laptop.write("calendars/agenda/one.ics", EVENT.format(uid="one", summary="From the laptop"))
    desktop.write("books/people/two.vcf", CARD.format(uid="two", name="From the desktop"))
    for device in (laptop, desktop, laptop):
        device.sync()
    for device in (laptop, desktop):
        (event,) = device.texts("calendars/agenda")
        (card,) = device.texts("books/people")
        assert "SUMMARY:From the laptop" in event
        assert "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Office:geo:37.331686,-122.030656" in event
        assert "item1.X-ABLabel:Boat" in card


def test_edits_and_deletions_travel_both_ways(laptop: Device, desktop: Device) -> None:
    for device in (laptop, desktop):
        device.run("discover")
    for number in range(5):
        laptop.write(f"calendars/agenda/{number}.ics", EVENT.format(uid=f"event-{number}", summary=f"Old {number}"))
    for device in (laptop, desktop):
        device.sync()
    edited = next(file for file in (desktop.folder / "calendars/agenda").iterdir() if "Old 3" in file.read_text())
    edited.write_text(EVENT.format(uid="event-3", summary="New 3"))
    (laptop.folder / "calendars/agenda/1.ics").unlink()
    for device in (desktop, laptop, desktop):
        device.sync()
    for device in (laptop, desktop):
        texts = "".join(device.texts("calendars/agenda"))
        assert "New 3" in texts
        assert "Old 3" not in texts
        assert "Old 1" not in texts
        assert texts.count("BEGIN:VEVENT") == 4


def test_a_further_cycle_writes_nothing(hub: Hub, laptop: Device) -> None:
    laptop.run("discover")
    for number in range(20):
        laptop.write(f"calendars/agenda/{number}.ics", EVENT.format(uid=f"event-{number}", summary=f"Event {number}"))
    laptop.sync()
    with hub.database.read() as unit:
        before = unit.collection_seq(1)
    assert laptop.sync().count("Copying") == 0
    with hub.database.read() as unit:
        assert unit.collection_seq(1) == before == 20


def test_a_calendar_and_an_address_book_of_the_same_name_are_made_from_the_disk(laptop: Device, hub: Hub) -> None:
    (laptop.folder / "calendars/mine").mkdir()
    (laptop.folder / "books/mine").mkdir()
    laptop.write("calendars/mine/a.ics", EVENT.format(uid="a", summary="Mine"))
    laptop.write("books/mine/b.vcf", CARD.format(uid="b", name="Friend"))
    laptop.run("discover")
    laptop.sync()
    phone = hub.phones[0]
    assert "Mine" in phone.get("/dav/calendars/ada@example.org/mine/a.ics").text
    assert "Friend" in phone.get("/dav/addressbooks/ada@example.org/mine/b.vcf").text


def test_the_color_of_a_calendar_travels_and_the_company_s_keeps_its_name(hub: Hub, laptop: Device) -> None:
    laptop.run("discover")
    laptop.run("metasync")
    laptop.write("calendars/agenda/color", "#ff0000")
    laptop.run("metasync")
    color = '<calendar-color xmlns="http://apple.com/ns/ical/"/>'
    body = f'<propfind xmlns="DAV:"><prop><displayname/>{color}</prop></propfind>'
    answer = hub.phones[0].request("PROPFIND", "/dav/calendars/ada@example.org/agenda/", data=body).text
    assert "<D:displayname>Agenda<" in answer
    assert "#ff0000" in answer.lower()
