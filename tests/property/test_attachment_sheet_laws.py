"""Attachments come into a text and go again: nothing else in it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dav_gateway.answers import Refused
from dav_gateway.attachments.instances import blocks_for
from dav_gateway.attachments.post import file_name
from dav_gateway.attachments.sheet import Sheet, attach_line, holds, managed_ids
from dav_gateway.paths import Area, Place, address, place_at
from sync_engine.formats.content_lines import fold
from sync_engine.item import Item
from sync_engine.model import Event, Moment

ENDS = st.sampled_from(["\r\n", "\n"])
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120)
COMPONENTS = st.lists(st.sampled_from(["VEVENT", "VTODO", "VTIMEZONE", "VALARM"]), min_size=1, max_size=4)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Calendars with events, tasks, and alarms in them that have attachments of their own."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"X-A:{draw(WORDS)}"]
    for name in draw(COMPONENTS):
        inner = [f"SUMMARY:{draw(WORDS)}", "BEGIN:VALARM", "ATTACH;MANAGED-ID=m:x", "END:VALARM", f"X-B:{draw(WORDS)}"]
        lines += [f"BEGIN:{name}", *inner[: draw(st.integers(0, 1)) * 4 + 1], f"END:{name}"]
    return fold([*lines, "END:VCALENDAR"]).replace("\r\n", draw(ENDS))


@given(st.text(st.characters(exclude_categories=["Cs"])) | texts())
def test_a_text_is_the_sum_of_its_parts(text: str) -> None:
    assert Sheet(text).text == text


@given(texts(), WORDS)
def test_what_was_added_and_removed_leaves_no_trace(text: str, name: str) -> None:
    sheet = Sheet(text)
    for block in sheet.blocks:
        block.add(attach_line("m", "text/plain; charset=utf-8", name, 7, "https://example.com/x"))
    added = sheet.text
    again = Sheet(added)
    assert managed_ids(added) == ({"m": "https://example.com/x"} if again.blocks else {})
    assert all(block.remove(holds("m")) for block in again.blocks)
    assert again.text == text


@given(WORDS)
def test_a_name_comes_back_from_its_parameter(name: str) -> None:
    text = fold(["BEGIN:VEVENT", attach_line("m", "a/b", name, 1, "https://example.com/a:b"), "END:VEVENT"])
    (block,) = Sheet(text).blocks
    found = block.first("ATTACH")
    assert found is not None
    assert found.value == "https://example.com/a:b"
    assert found.param("FMTTYPE") == "a/b"
    assert found.param("FILENAME") == name.replace('"', "'").replace("\\", "'") or not name.strip()


@given(
    st.text(st.characters(max_codepoint=255))
    | st.from_regex(r"attachment; filename\*?=[\x20-\xff]{0,40}", fullmatch=True)
)
def test_every_disposition_gives_a_name_for_one_segment(disposition: str) -> None:
    name = file_name(disposition)
    assert 1 <= len(name) <= 200
    assert place_at(address(Place(Area.ATTACHMENTS, "u", "m", name))) == Place(Area.ATTACHMENTS, "u", "m", name)


SERIES = Item.read(
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Europe/Berlin:20260327T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nSUMMARY:e\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


@given(st.text(max_size=20) | st.datetimes(datetime(1, 1, 1), datetime(2200, 1, 1)).map("{:%Y%m%dT%H%M%SZ}".format))
def test_any_rid_is_an_event_or_refused(rid: str) -> None:
    sheet = Sheet(SERIES.text)
    try:
        (block,) = blocks_for(sheet, SERIES.record, [rid])
    except Refused:
        assert sheet.text == SERIES.text
    else:
        block.add("ATTACH:x")
        assert Item.read(sheet.text).record != SERIES.record


@given(st.integers(0, 3000))
def test_every_event_of_a_series_can_have_its_own(day: int) -> None:
    local = datetime(2026, 3, 27, 9, tzinfo=ZoneInfo("Europe/Berlin")) + timedelta(days=day)
    sheet = Sheet(SERIES.text)
    (block,) = blocks_for(sheet, SERIES.record, [f"{local.astimezone(UTC):%Y%m%dT%H%M%SZ}"])
    record = Item.read(sheet.text).record
    assert isinstance(record, Event)
    (made,) = record.overrides
    assert made.start == made.recurrence_id == Moment(f"{local:%Y%m%dT%H%M%S}", "Europe/Berlin")
    assert block.first("DURATION") is not None
