"""A fan-out is added by the command, with an account that has signed in before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands_here import Cli
from tests.integration.google_workspace.fanout_world import ALL, ROOT, google_front

ADA = "ada@example.org"


@pytest.mark.parametrize("who", [("--pattern", "*@example.org", "--except", ROOT), ("--group", ALL)])
def test_the_directory_is_open_to_the_command_that_adds_it(tmp_path: Path, who: tuple[str, ...]) -> None:
    with google_front() as front:
        front.add(ADA)
        cli = Cli(tmp_path)
        words = ("--connector", "google_workspace", "--auth", "app", "--url", front.google.url, "--mailbox", ROOT)
        cli.run("account", "add", "service", *words, typed=json.dumps(front.key))
        assert "Signed in as" in cli.run("account", "sign-in", "service")
        for more in (("--dry-run",), ()):
            add = ("fanout", "add", "book", "--account", "service", "--collection", "Contacts", *who, *more)
            assert json.loads(cli.run(*add, "--json"))["members"] == [ADA]
        assert json.loads(cli.run("fanout", "members", "book", "--json"))[0]["address"] == ADA
