"""Items for tests, as real programs write them."""

from __future__ import annotations

from sync_engine.item import Item


def event(uid: str = "ev-1", summary: str = "Stand-up", day: str = "20260310", extra: str = "") -> Item:
    """A weekly event in Zurich with an alarm, an attendee, X- properties and its zone."""
    return Item.read(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n"
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Zurich\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
        "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART;TZID=Europe/Zurich:{day}T090000\r\nDTEND;TZID=Europe/Zurich:{day}T093000\r\n"
        f"SUMMARY:{summary}\r\nLOCATION:Room 1\r\nDESCRIPTION:Bring coffee\r\n"
        "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Room:geo:37.331,-122.030\r\n"
        "CATEGORIES:team,daily\r\n"
        "ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org\r\n"
        f"{extra}"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:Soon\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def series(uid: str = "se-1", summary: str = "Weekly", extra: str = "") -> Item:
    """A weekly series with one moved occurrence."""
    return Item.read(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n"
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260303T080000Z\r\nDTEND:20260303T090000Z\r\n"
        f"SUMMARY:{summary}\r\nRRULE:FREQ=WEEKLY;COUNT=10\r\n{extra}END:VEVENT\r\n"
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260310T080000Z\r\n"
        f"DTSTART:20260311T100000Z\r\nDTEND:20260311T110000Z\r\nSUMMARY:{summary} (moved)\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )


def task(uid: str = "ta-1", summary: str = "Call the printer", due: str = "20260320") -> Item:
    """A to-do with a due date."""
    return Item.read(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VTODO\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{summary}\r\nDUE;VALUE=DATE:{due}\r\n"
        "STATUS:NEEDS-ACTION\r\nX-OWN:kept\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    )


def card(uid: str = "ca-1", name: str = "Ada Lovelace", extra: str = "") -> Item:
    """A card with a labelled group, a photo and X- properties."""
    given, family = name.split()
    return Item.read(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Test//EN\r\n"
        f"UID:{uid}\r\nFN:{name}\r\nN:{family};{given};;;\r\n"
        "ORG:Analytical Engines;Research\r\nEMAIL;TYPE=INTERNET,WORK:ada@example.org\r\n"
        "TEL;TYPE=CELL:+41 79 111 22 33\r\nTEL;TYPE=WORK:+41 44 111 22 33\r\n"
        "item1.URL:https://example.org\r\nitem1.X-ABLabel:_$!<HomePage>!$_\r\n"
        "ADR;TYPE=WORK:;;Main Street 1;Zurich;ZH;8001;Switzerland\r\n"
        "CATEGORIES:friends,science\r\nX-PHONETIC-FIRST-NAME:Eida\r\nNOTE:Likes numbers\r\n"
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgID\r\n"
        f"{extra}END:VCARD\r\n"
    )
