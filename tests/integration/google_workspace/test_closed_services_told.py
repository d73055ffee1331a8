"""What an admin is told when one of Google's services is closed or broken, by the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agendahub.cli import app
from agendahub.failure import Failure
from agendahub.outcome import in_words
from sync_engine.errors import SyncError
from tests.commands_here import Cli
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.server import Google, google_workspace

ADA = "ada@example.com"
NOT_ENABLED = "Google Calendar API has not been used in project 12345 before or it is disabled."


@pytest.fixture
def google() -> Iterator[Google]:
    with google_workspace() as made:
        yield made


@pytest.fixture
def cli(tmp_path: Path, google: Google) -> Cli:
    """With an account."""
    made = Cli(tmp_path)
    words = ("--connector", "google_workspace", "--auth", "bearer", "--url", google.url)
    made.run("account", "add", "gmail", *words, typed=google.give(ADA) + "\n")
    return made


def told(cli: Cli, *words: str, code: int = 1) -> str:
    """All that a command says, on standard error too."""
    done = CliRunner().invoke(app, ["-c", str(cli.config), *words])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output + (in_words(done.exception) if isinstance(done.exception, SyncError | Failure) else "")


def calendar_is_off(google: Google) -> None:
    """Nobody enabled its API in the project."""
    google.faults.append(Fault(403, "accessNotConfigured", NOT_ENABLED, method="^calendar", times=99))


def bound(cli: Cli) -> None:
    """To the calendar."""
    cli.run("binding", "add", "agenda", "--account", "gmail", "--remote", f"calendars/{ADA}", "--collection", "Agenda")


def test_an_api_that_was_not_enabled_is_named(cli: Cli, google: Google) -> None:
    calendar_is_off(google)
    test = json.loads(cli.run("account", "test", "gmail", "--json", code=1))
    [failed] = [step for step in test if not step["ok"]]
    assert NOT_ENABLED in failed["detail"]
    assert "docs/google.md" in failed["advice"]
    assert test[-1]["name"] == "write and delete"  # the other services are tested all the same

    shown = told(cli, "collections", "gmail", code=0)
    assert "otherContacts" in shown
    assert NOT_ENABLED in shown
    refused = told(cli, "binding", "add", "agenda", "--account", "gmail", "--remote", ADA, "--collection", "Agenda")
    assert "not switched on" in refused
    assert NOT_ENABLED in refused


def test_a_calendar_that_was_bound_says_that_its_api_is_off(cli: Cli, google: Google) -> None:
    bound(cli)
    for _before_and_after_it_was_tied in range(2):
        calendar_is_off(google)
        said = told(cli, "sync", "agenda")
        assert "not switched on" in said
        assert NOT_ENABLED in said
        google.faults.clear()
        assert json.loads(cli.run("account", "list", "--json"))[0]["state"] != "needs_sign_in"
        cli.run("sync", "agenda")


def test_calendars_go_on_while_contacts_are_broken(cli: Cli, google: Google) -> None:
    bound(cli)
    cli.run("sync", "agenda")
    google.faults.append(Fault(500, "backendError", "Backend Error", method="^people", times=99))
    asked = len(google.requests)
    cli.run("sync", "agenda")
    assert [one.method for one in google.requests[asked:]] == ["calendar.events.list"]


@pytest.mark.parametrize("words", [("plan",), ("doctor", "--accounts"), ("apply", "plan.json")])
def test_what_google_said_is_told_by_whatever_asks_it(
    cli: Cli, google: Google, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(cli.config.parent)
    bound(cli)
    cli.run("plan", "--out", "plan.json")
    google.faults.append(Fault(501, "backendError", "Out of paper", times=99))
    assert "Out of paper" in " ".join(told(cli, *words).split())
