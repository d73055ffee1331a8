"""What people can query of an item."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from storage import tables
from storage.index_columns import TABLES_OF, index_rows
from storage.moments import range_of
from sync_engine.item import Item
from sync_engine.model import Address, Contact, Kind, Labelled, Name, Record
from tests import samples

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Dr. Ada Lovelace\r\nN:Lovelace;Ada;;Dr.;\r\n"
    "ORG:Engines Ltd;Research\r\nTITLE:Analyst\r\nBDAY:1815-12-10\r\nCATEGORIES:vip,science\r\nNOTE:Met in\\nLondon\r\n"
    "EMAIL;TYPE=WORK,INTERNET:Ada@Engines.example\r\nTEL;TYPE=CELL:+41 (79) 123-45-67\r\nTEL:044 1\r\n"
    "ADR;TYPE=HOME:PO 5;;12 St James Sq;London;Westminster;SW1Y;UK\r\n"
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\nEND:VCARD\r\n"
)


def rows(record: Record, table: Any) -> list[dict[str, Any]]:
    """The rows of one table."""
    return [values for its, values in index_rows(record) if its is table]


def event(lines: str) -> Record:
    """An event with these lines."""
    return Item.read(
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e\r\nDTSTAMP:20260101T000000Z\r\n{lines}"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).record


def test_a_card_is_found_by_name_mail_phone_and_address() -> None:
    card = Item.read(CARD).record
    assert rows(card, tables.contacts) == [
        {
            "full_name": "Dr. Ada Lovelace",
            "family_name": "Lovelace",
            "given_name": "Ada",
            "organization": "Engines Ltd, Research",
            "title": "Analyst",
            "birthday": "1815-12-10",
            "categories": "science, vip",
            "note": "Met in\nLondon",
            "has_photo": True,
        }
    ]
    assert rows(card, tables.contact_emails) == [{"address": "ada@engines.example", "types": "internet work"}]
    assert [(row["number"], row["digits"]) for row in rows(card, tables.contact_phones)] == [
        ("044 1", "0441"),
        ("+41 (79) 123-45-67", "+41791234567"),
    ]
    assert rows(card, tables.contact_addresses) == [
        {
            "street": "12 St James Sq, PO 5",
            "city": "London",
            "region": "Westminster",
            "postal_code": "SW1Y",
            "country": "UK",
            "types": "home",
        }
    ]


def test_an_event_is_found_by_its_time_in_utc() -> None:
    (row,) = rows(samples.event(day="20260710").record, tables.events)
    assert (row["starts_at"], row["ends_at"]) == (
        datetime(2026, 7, 10, 7, 0, tzinfo=UTC),
        datetime(2026, 7, 10, 7, 30, tzinfo=UTC),
    )
    assert (row["zone"], row["all_day"], row["recurring"]) == ("Europe/Zurich", False, False)
    assert rows(samples.event().record, tables.event_attendees) == [
        {"address": "bob@example.org", "name": "Bob", "status": "needs-action"}
    ]


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        ("DTSTART:20260101T100000Z\r\nDURATION:PT90M\r\n", datetime(2026, 1, 1, 11, 30, tzinfo=UTC)),
        ("DTSTART:20260101T100000Z\r\n", datetime(2026, 1, 1, 10, 0, tzinfo=UTC)),
        ("DTSTART;VALUE=DATE:20260101\r\n", datetime(2026, 1, 2, tzinfo=UTC)),
        ("DTSTART;VALUE=DATE:20260101\r\nDTEND;VALUE=DATE:20260104\r\n", datetime(2026, 1, 4, tzinfo=UTC)),
        ("DTSTART;VALUE=DATE:99991231\r\nDURATION:P1D\r\n", None),
    ],
)
def test_an_event_ends_by_dtend_or_duration_or_its_kind(lines: str, ends: datetime | None) -> None:
    (row,) = rows(event(lines), tables.events)
    assert row["ends_at"] == ends


def test_a_series_is_marked_and_its_range_encloses_it() -> None:
    record = samples.series().record
    (row,) = rows(record, tables.events)
    assert row["recurring"] is True
    assert range_of(record) == (datetime(2026, 3, 3, 8, tzinfo=UTC), datetime(2026, 5, 5, 9, tzinfo=UTC))
    assert range_of(event("DTSTART:20260101T100000Z\r\nRRULE:FREQ=DAILY\r\n"))[1] is None
    assert range_of(samples.card().record) == (None, None)


@pytest.mark.parametrize(
    ("written", "stored"), [("40", 40), ("400", 100), ("", None), ("forty", None), ("-1", None), ("9" * 30, None)]
)
def test_a_task_s_percentage_is_a_number_or_nothing(written: str, stored: int | None) -> None:
    lines = f"PERCENT-COMPLETE:{written}\r\n" if written else ""
    text = samples.task().text.replace("STATUS:NEEDS-ACTION\r\n", f"STATUS:IN-PROCESS\r\n{lines}")
    (row,) = rows(Item.read(text).record, tables.tasks)
    assert (row["percent_complete"], row["status"]) == (stored, "IN-PROCESS")
    assert row["due_at"] == datetime(2026, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize("record", [Item.read(CARD).record, samples.event().record, samples.task().record])
def test_rows_have_all_columns_and_fit(record: Record) -> None:
    for table, values in index_rows(record):
        assert set(values) == {column.name for column in table.columns} - {"id", "item_id"}


@pytest.mark.parametrize("character", ["x", "ä", "👋", "\0", "\ud800"])
def test_values_fit_their_columns_in_every_database(character: str) -> None:
    long = character * 5000
    card = Contact(
        uid="c",
        full_name=long,
        name=Name((long,), (long,)),
        organization=(long, long),
        title=long,
        birthday=long,
        categories=(long,),
        note=long,
        emails=(Labelled(long, (long,)),),
        phones=(Labelled(long, (long,)),),
        addresses=(Address(street=(long,), locality=(long,), region=(long,), postal_code=(long,), country=(long,)),),
    )
    for table, values in index_rows(card):
        for name, value in values.items():
            length = getattr(table.c[name].type, "length", None)
            if isinstance(value, str):
                assert "\0" not in value
                value.encode("utf-8")  # as every driver does
                assert length is None or len(value.encode("utf-16-le")) <= 2 * length


def test_every_table_of_a_kind_is_cleared_with_its_item() -> None:
    named = {table.name for its in TABLES_OF.values() for table in its}
    with_items = {
        table.name
        for table in tables.metadata.tables.values()
        if "item_id" in table.c and table.name.startswith(("contact", "event", "task"))
    }
    assert named == with_items
    assert set(TABLES_OF) == set(Kind)
