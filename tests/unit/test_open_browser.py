"""A browser is opened only where somebody looks at a screen."""

from __future__ import annotations

import sys
import webbrowser

import pytest

from agendahub.open_browser import opened


@pytest.mark.parametrize(
    ("terminal", "display", "expected"),
    [(True, ":0", ["https://x"]), (True, "", []), (False, ":0", [])],
)
def test_only_with_a_terminal_and_a_screen(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, display: str, expected: list[str]
) -> None:
    asked: list[str] = []

    def open_it(url: str) -> bool:
        asked.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", open_it)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert opened("https://x") is bool(expected)
    assert asked == expected
