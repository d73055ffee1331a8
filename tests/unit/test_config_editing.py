"""Edits keep what the owner wrote; a bad file never takes the place of a good one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import load, parse
from config.editing import add_entry, remove_entry, set_value, write
from config.reload import Watch

EXAMPLE = Path(__file__).parents[2] / "config" / "example.toml"
ACCOUNT = {"name": "work", "url": "https://dav.example"}
BINDING = {"name": "agenda", "account": "work", "remote": "/a/", "collection": "Agenda", "kinds": ["event"]}


def test_adding_keeps_every_line_of_the_example() -> None:
    text = EXAMPLE.read_text()
    edited = add_entry(add_entry(text, "accounts", ACCOUNT), "bindings", BINDING)
    assert edited.startswith(text.rstrip())
    settings = parse(edited)
    assert settings.accounts[0].url == "https://dav.example"
    assert settings.bindings[0].kinds == ("event",)


def test_a_second_account_may_follow_a_binding() -> None:
    edited = add_entry(add_entry("", "accounts", ACCOUNT), "bindings", BINDING)
    edited = add_entry(edited, "accounts", {"name": "home", "url": "https://home.example"})
    settings = parse(edited)
    assert [account.name for account in settings.accounts] == ["work", "home"]
    assert len(settings.bindings) == 1


def test_comments_survive_every_edit() -> None:
    text = (
        '# mine\n[sync] # often\ninterval = "1m" # really\n\n# the office\n[[accounts]]\nname = "work" # w\n'
        'url = "https://dav.example"\n\n# agendas\n[[bindings]]\nname = "agenda"\naccount = "work"\nremote = "/a/"\n'
        'collection = "Agenda"\nkinds = ["event"]\n# end\n'
    )
    comments = ["# mine", "# often", "# really", "# the office", "# w", "# agendas", "# end"]
    edited = set_value(text, "bindings", "agenda", "paused", True)
    edited = add_entry(edited, "accounts", {"name": "home", "url": "https://home.example"})
    assert [c for c in comments if c not in edited] == []
    assert parse(edited).bindings[0].paused
    edited = set_value(edited, "bindings", "agenda", "paused", False)
    edited = remove_entry(edited, "accounts", "home")
    assert [c for c in comments if c not in edited] == []
    assert not parse(edited).bindings[0].paused


def test_removing_takes_the_named_entry_only() -> None:
    text = add_entry(add_entry(EXAMPLE.read_text(), "accounts", ACCOUNT), "accounts", ACCOUNT | {"name": "home"})
    assert [a.name for a in parse(remove_entry(text, "accounts", "work")).accounts] == ["home"]
    gone = remove_entry(remove_entry(text, "accounts", "work"), "accounts", "home")
    assert parse(gone).accounts == ()
    assert [a.name for a in parse(add_entry(gone, "accounts", ACCOUNT)).accounts] == ["work"]


@pytest.mark.parametrize("text", ["", "[[accounts]]\nname = 'x'\n"])
def test_removing_or_changing_what_is_not_there(text: str) -> None:
    with pytest.raises(KeyError):
        remove_entry(text, "accounts", "work")
    with pytest.raises(KeyError):
        set_value(text, "accounts", "work", "url", "")


def test_writing_is_for_the_owner_and_the_group_alone_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "agendahub.toml"
    file.write_text("old")
    file.chmod(0o644)
    write(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    write(tmp_path / "new.toml", "new")
    assert stat.S_IMODE((tmp_path / "new.toml").stat().st_mode) == 0o600
    (tmp_path / "new.toml").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["agendahub.toml"]


def test_a_bad_new_file_is_refused_and_the_old_one_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "agendahub.toml"
    file.write_text("[sync]\nworkers = 2\n")
    watch = Watch(load(file))
    assert not watch.check()
    file.write_text("[sync]\nworkers = 0\n# bad\n")
    assert not watch.check()
    assert "line 2" in watch.problem
    assert watch.current.settings.sync.workers == 2
    file.unlink()
    assert not watch.check()
    assert "cannot be read" in watch.problem
    file.write_text("[sync]\nworkers = 3\n")
    assert watch.check()
    assert watch.problem == ""
    assert watch.current.settings.sync.workers == 3
    assert not watch.check()


def test_a_changed_file_keeps_its_rights_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    file, link = tmp_path / "etc" / "real.toml", tmp_path / "agendahub.toml"
    file.write_text("a")
    file.chmod(0o640)
    link.symlink_to(file)
    write(link, "b")
    assert (link.is_symlink(), file.read_text()) == (True, "b")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [found.name for found in (tmp_path / "etc").iterdir()] == ["real.toml"]
