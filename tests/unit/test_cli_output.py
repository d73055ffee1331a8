"""Listings fit the terminal they are shown on."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from agendahub.cli import _guarded
from agendahub.output import console, listing, written_start
from sync_engine.errors import Unavailable

COLUMNS = {"run_id": "Run", "title": "Title", "starts": "Starts", "detail": ""}
ROWS = [
    {"run_id": 7, "title": "Board meeting of all the departments", "starts": "20260131T090000", "detail": "late"},
    {"run_id": None, "title": "Lunch", "starts": "20260201", "detail": ""},
]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _on_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    screen = _Terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", screen)
    listing(ROWS, COLUMNS, as_json=False, empty="nothing")
    plain = re.sub("\x1b\\[[0-9;]*m", "", screen.getvalue())
    return [line.rstrip() for line in plain.splitlines()]


def test_a_wide_terminal_shows_a_table_with_numbers_on_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _on_terminal(100, monkeypatch) == [
        "Run  Title                                 Starts",
        "  7  Board meeting of all the departments  2026-01-31 09:00  late",
        "     Lunch                                 2026-02-01",
    ]


def test_one_long_column_is_folded_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _on_terminal(60, monkeypatch)
    assert lines[1:3] == [
        "  7  Board meeting of all the         2026-01-31 09:00  late",
        "     departments",
    ]


def test_a_narrow_terminal_shows_a_paragraph_for_each_row_and_cuts_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _on_terminal(45, monkeypatch) == [
        "Run: 7",
        "  Title: Board meeting of all the departments",
        "  Starts: 2026-01-31 09:00 · late",
        "Title: Lunch",
        "  Starts: 2026-02-01",
    ]


def test_json_is_not_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    listing(ROWS, COLUMNS, as_json=True, empty="nothing")
    assert json.loads(capsys.readouterr().out) == ROWS
    assert console().width == 240


@pytest.mark.parametrize(
    ("written", "shown"),
    [("20260131T090000", "2026-01-31 09:00"), ("20260131", "2026-01-31"), ("", ""), ("soon", "soon")],
)
def test_a_start_is_shown_as_people_write_it(written: str, shown: str) -> None:
    assert written_start(written) == shown


def test_an_error_of_an_account_is_shown_with_what_the_server_said(capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> None:
        raise Unavailable("The server has a problem.", server_said="Out of paper")

    assert _guarded(run, debug=False) == 1
    assert " ".join(capsys.readouterr().err.split()) == "The server has a problem. (the server said: Out of paper)"
