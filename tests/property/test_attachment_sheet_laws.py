"""Attachments come into a text and go again: nothing else in it changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dav_gateway.attachments.sheet import Sheet, attach_line, holds, managed_ids
from sync_engine.formats.content_lines import fold

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
