"""The command line and the files it reads and writes: what is missing is named, nothing is half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub_process import Hub
from tests.servers.processes import Server
from tests.stores import on_its_own_file


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path)
    made.run("init")
    return made


@on_its_own_file()
def test_init_that_fails_leaves_nothing_in_the_way_of_the_next_try(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.run("init", "--database", "postgresql://nobody@127.0.0.1:1/x", code=1)
    assert "cannot be reached" in hub.errors
    assert list(tmp_path.iterdir()) == []
    hub.run("init")
    hub.run("doctor")


def test_paths_on_the_command_line_are_seen_from_where_it_runs(hub: Hub, radicale_server: Server) -> None:
    elsewhere = hub.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "word").write_text(radicale_server.password)
    words = ("account", "add", "work", "--url", radicale_server.url, "--username", "ada", "--secret-from", "file:word")
    hub.environment["AGENDAHUB_CONFIG"], hub.folder = str(hub.config), elsewhere
    hub.run(*words)
    assert "/elsewhere/word" in hub.config.read_text()
    hub.run("collections", "work")


def test_files_that_cannot_be_used_are_named_and_nothing_is_half_done(hub: Hub) -> None:
    hub.run("user", "add", "ada")
    hub.run("device", "add", "ada", "iPhone", "--mobileconfig", "no/such/folder/x", code=1)
    assert "no/such/folder/x" in hub.errors
    assert hub.json("device", "list") == []
    hub.environment |= {"AGENDAHUB_SERVER__TLS_CERT": "no.pem", "AGENDAHUB_SERVER__TLS_KEY": "no.key"}
    hub.run("serve", code=1)
    assert "tls_cert no.pem and tls_key no.key cannot be used (No such file or directory)" in hub.errors


def test_a_lost_key_is_made_anew_by_init_and_the_configuration_stays(hub: Hub) -> None:
    key = hub.folder / "agendahub.key"
    before = key.read_text()
    key.unlink()
    text = hub.config.read_text()
    assert "agendahub account secret" in hub.run("init")
    assert (key.read_text() != before, hub.config.read_text()) == (True, text)
    hub.run("init", code=1)


def test_a_dash_is_standard_output(hub: Hub) -> None:
    (hub.folder / "x.vcf").write_text("BEGIN:VCARD\nVERSION:3.0\nUID:x\nFN:X\nN:X;;;;\nEND:VCARD\n")
    hub.run("import", "x.vcf", "--collection", "People")
    assert "FN:X" in hub.run("export", "People", "-")


def test_what_is_not_there_is_named_with_the_way_to_make_it(hub: Hub, radicale_server: Server) -> None:
    hub.write_account("work", radicale_server)
    bind = ("binding", "add", "x", "--account", "work", "--remote", "Agenda", "--collection", "C")
    for words, way_out in (
        (("apply", "plan.json"), "agendahub plan --out plan.json"),
        (("undo", "--run", "999"), "agendahub history --runs"),
        (("history", "--run", "999"), "agendahub history --runs"),
        (("held", "show", "nope"), "agendahub binding list"),
        ((*bind, "--owner", "carol"), "agendahub user add carol"),
        (("export", "C", "--owner", "carol"), "C (--owner carol)"),
    ):
        hub.run(*words, code=1)
        assert way_out in hub.errors
    assert "carol" not in hub.config.read_text()
