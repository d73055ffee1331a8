"""What docs/set_up says is what the program does."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from dav_gateway.auth import PER_ADDRESS, WINDOW
from storage.web_passwords import SHORTEST
from storage.web_sessions import IDLE, LONGEST
from web_ui.pages.one_time import LASTS
from web_ui.pages.set_up import CLIENTS

FOLDER = Path(__file__).parents[2] / "docs" / "set_up"
OVERVIEW = (FOLDER / "README.md").read_text("utf-8")


def test_the_figures_are_those_of_the_program() -> None:
    assert f"ends after {IDLE // timedelta(hours=1)} hours without use, after {LONGEST.days} days" in OVERVIEW
    assert f"at least {SHORTEST} characters" in OVERVIEW
    assert f"{PER_ADDRESS} wrong ones from your network within ten minutes" in OVERVIEW
    assert timedelta(minutes=10) == WINDOW == LASTS
    assert "once and for ten minutes" in (FOLDER / "iphone.md").read_text("utf-8")


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_is_named_and_has_its_page(client: str) -> None:
    assert f"`{client}`" in OVERVIEW
    assert client == "other" or (FOLDER / f"{client}.md").is_file()


@pytest.mark.parametrize("page", [*sorted(FOLDER.glob("*.md")), FOLDER.parent / "proxy.md"])
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).is_file(), target
