"""Every error of the configuration names the key, the value and the line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from config import ConfigError, Settings, load, parse
from config.lines import lines_of
from config.loading import unknown_variables
from config.settings import (
    AccountSettings,
    BindingSettings,
    FanoutSettings,
    LimitSettings,
    LogSettings,
    MailboxSettings,
    RequestSettings,
    ServerSettings,
    StoreSettings,
    SyncSettings,
)

EXAMPLE = Path(__file__).parents[2] / "config" / "example.toml"
ACCOUNT = '[[accounts]]\nname = "a"\nurl = "https://a.example"\n'
BINDING = '[[bindings]]\nname = "b"\naccount = "a"\nremote = "/x/"\ncollection = "X"\nkinds = ["event"]\n'


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


def uncommented(text: str) -> str:
    """The example with every commented setting and table put in force."""
    return re.sub(r'(?m)^# ?(?=\[\[?\w+\]\]?$|\w+ = (?:".*"|\[.*\]|[\d.]+|true|false)$)', "", text)


def test_the_example_loads_as_it_stands() -> None:
    assert parse(EXAMPLE.read_text()) == Settings()


def test_the_example_shows_the_defaults() -> None:
    shown = parse(uncommented(EXAMPLE.read_text()).replace("https://hub.example.org", ""))
    for section in ("store", "server", "sync", "limits", "requests", "log"):
        assert getattr(shown, section) == getattr(Settings(), section)
    assert shown.accounts[0].model_dump(exclude={"name", "url", "username", "secret"}) == AccountSettings(
        name="x"
    ).model_dump(exclude={"name", "url", "username", "secret"})
    assert shown.bindings[0].direction == "both"


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("[store]", StoreSettings),
        ("[server]", ServerSettings),
        ("[sync]", SyncSettings),
        ("[limits]", LimitSettings),
        ("[log]", LogSettings),
        ("[[accounts]]", AccountSettings),
        ("[[bindings]]", BindingSettings),
        ("[[fanouts]]", FanoutSettings),
        ("[requests]", RequestSettings),
        ("[[mailboxes]]", MailboxSettings),
    ],
)
def test_the_example_mentions_every_setting(table: str, model: type) -> None:
    text = uncommented(EXAMPLE.read_text())
    part = text[text.index(f"\n{table}\n") :].removeprefix(f"\n{table}\n")
    part = re.split(r"(?m)^\[", part)[0]
    written = set(re.findall(r"(?m)^(\w+) = ", part))
    assert written == {field.alias or name for name, field in model.model_fields.items()}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[sync]\n\ninterval = "5x"', 'line 3: sync.interval = "5x": write a duration'),
        ("[sync]\ninterval = 0", "line 2: sync.interval = 0: must be more than 0"),
        ("[server]\nlisten = 'x'\nport = 99999", "line 3: server.port = 99999: must be at most 65535"),
        ('[server]\nport = "http"', 'line 2: server.port = "http": must be a whole number'),
        ('[server]\nproxies = ["localhost"]', 'line 2: server.proxies.0 = "localhost": localhost is no IP address'),
        ('[server]\nproxies = ["10.1.2.3/8"]', "is no IP address or network"),
        ('[server]\noutward_hosts = ["10.1.0.0/99"]', "10.1.0.0/99 is no host name, address or network"),
        ('[server]\noutward_hosts = ["http://x/"]', "http://x/ is no host name, address or network"),
        ("[sync]\nwrkers = 3", "line 2: sync.wrkers: there is no such setting"),
        ("[stroe]\n", "line 1: stroe: there is no such setting"),
        (ACCOUNT + 'auth = "kerberos"', 'line 4: accounts "a" auth = "kerberos": must be \'basic\''),
        (ACCOUNT.replace("https", "ftp"), 'line 3: accounts "a" url = "ftp://a.example": an address starts with'),
        ('[[accounts]]\nurl = "https://a"', "line 1: accounts number 1 name: this setting is missing"),
        (ACCOUNT + ACCOUNT, 'line 5: accounts "a" name = "a": this name is already taken'),
        (BINDING, 'line 3: bindings "b" account = "a": there is no [[accounts]] entry of this name'),
        (ACCOUNT + BINDING.replace("event", "evnt"), 'line 9: bindings "b" kinds.0 = "evnt": must be'),
        (ACCOUNT + BINDING.replace('"event"', ""), 'line 9: bindings "b" kinds = []: must not be empty'),
        (ACCOUNT + BINDING + 'direction = """\nup"""', 'line 10: bindings "b" direction = "up": must be \'both\''),
        (ACCOUNT + BINDING.replace('"event"', '"event", "contact"'), "cannot share a collection"),
        (
            ACCOUNT + BINDING + BINDING.replace('"b"', '"c"'),
            'line 13: bindings "c" remote = "/x/": binding "b" already',
        ),
        ('[server]\ntls_cert = "c.pem"', "line 1: server.tls_key: tls_cert and tls_key are only of use together"),
        ("[sync]\nworkers = = 3", "line 2: not valid TOML"),
        ("[sync]\nworkers", "line 2: not valid TOML"),
        ('[log]\nlevel = "loud"', 'line 2: log.level = "loud": must be'),
        ("log = 3", "line 1: log = 3: must be a section of its own"),
    ],
)
def test_an_error_names_key_value_and_line(text: str, expected: str) -> None:
    found = problems(text)
    assert any(expected in problem for problem in found), found
    assert len(found) == 1, found


def test_proxies_and_inner_hosts_are_addresses_networks_or_names() -> None:
    proxies = '["127.0.0.1", "::1", "10.0.0.0/8", "*"]'
    hosts = '["ntfy.office.example", "10.1.2.3/16", "::1", "[::1]"]'
    server = parse(f"[server]\nproxies = {proxies}\noutward_hosts = {hosts}\n").server
    assert (len(server.proxies), len(server.outward_hosts)) == (4, 4)


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems("[sync]\nworkers = 0\ninterval = 'x'\n[server]\nport = -1\n")
    assert [problem.split(":")[0] for problem in found] == ["line 2", "line 3", "line 5"]


def test_a_literal_secret_is_refused_and_not_repeated() -> None:
    (problem,) = problems(ACCOUNT + 'secret = "hunter2"')
    assert "line 4" in problem
    assert "env:NAME" in problem
    assert "hunter2" not in problem


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    (problem,) = problems(ACCOUNT.replace("https://a", "https://u:hunter2@a"))
    assert "hunter2" not in problem


def test_a_secret_on_a_line_that_is_not_toml_is_not_repeated() -> None:
    (problem,) = problems(ACCOUNT + "secret = hunter2")
    assert "line 4" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize("reference", ["env:WORK", "file:/run/secret", "store:work", ""])
def test_references_to_secrets_are_taken(reference: str) -> None:
    assert parse(ACCOUNT + f'secret = "{reference}"').accounts[0].secret == reference


def test_the_environment_outranks_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENDAHUB_SERVER__PORT", "9000")
    server = parse('[server]\nport = 1\nlisten = "::1"').server
    assert (server.port, server.listen) == (9000, "::1")


def test_an_error_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENDAHUB_SYNC__WORKERS", "0")
    (problem,) = problems("[sync]\nworkers = 3")
    assert "AGENDAHUB_SYNC__WORKERS" in problem
    assert '"0"' in problem
    monkeypatch.setenv("AGENDAHUB_SYNC__WRKERS", "0")
    monkeypatch.delenv("AGENDAHUB_SYNC__WORKERS")
    (problem,) = problems("")
    assert "AGENDAHUB_SYNC__WRKERS" in problem
    monkeypatch.delenv("AGENDAHUB_SYNC__WRKERS")
    monkeypatch.setenv("AGENDAHUB_ACCOUNTS", "{")
    (problem,) = problems("")
    assert "environment" in problem


def test_misspelt_environment_variables_are_seen() -> None:
    seen = {"AGENDAHUB_STOER__URL": "", "AGENDAHUB_STORE__URL": "", "AGENDAHUB_CONFIG": "", "HOME": ""}
    assert unknown_variables(seen) == ["AGENDAHUB_STOER__URL"]


@pytest.mark.parametrize(
    ("written", "seconds"), [('"90s"', 90), ('"5m"', 300), ('"12h"', 43200), ('"1d"', 86400), ("7", 7)]
)
def test_durations(written: str, seconds: float) -> None:
    assert parse(f"[sync]\ninterval = {written}").sync.interval == seconds


def test_a_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "agendahub.toml"
    file.write_text("")
    loaded = load(file)
    assert loaded.database_url == f"sqlite:///{tmp_path}/agendahub.db"
    assert loaded.key_file == tmp_path / "agendahub.key"
    file.write_text('[store]\nurl = "sqlite:////var/hub.db"')
    assert load(file).database_url == "sqlite:////var/hub.db"
    file.write_text('[store]\nurl = "postgresql+psycopg://hub@db/hub"')
    assert load(file).database_url == "postgresql+psycopg://hub@db/hub"


def test_lines_of_nested_and_repeated_tables() -> None:
    text = '# top\n[a.b]\nc = [\n  1,\n  2,\n]\n\n[[d]]\n"e f" = 1\n[[d]]\n[d.g]\nh = { i = 1 }\n[[d.k]]\n'
    text += 'l = """\n[x]\n"""\nm.n = 2'
    found = lines_of(text)
    assert found["a", "b"] == 2
    assert found["a", "b", "c", 1] == 3
    assert found["d", 0, "e f"] == 9
    assert found["d", 1] == 10
    assert found["d", 1, "g", "h", "i"] == 12
    assert found["d", 1, "k", 0, "l"] == 14
    assert found["d", 1, "k", 0, "m", "n"] == 17


@pytest.mark.parametrize("name", ["Agenda 📅", "Ada's R&D (intern) / Büro", "_x", "日程"])
def test_a_name_is_what_people_write_at_their_servers(name: str) -> None:
    assert parse(ACCOUNT + BINDING.replace('"X"', json.dumps(name, ensure_ascii=False))).bindings[0].collection == name


@pytest.mark.parametrize("name", ["", " x", "x ", "-x", "a\nb", "a\u0000b", "x" * 101])
def test_a_name_is_one_line_that_can_be_typed(name: str) -> None:
    (problem,) = problems(ACCOUNT + BINDING.replace('"X"', json.dumps(name, ensure_ascii=False)))
    assert problem.startswith('line 8: bindings "b" collection'), problem
    assert "a name is" in problem


def test_bindings_of_one_collection_carry_contacts_or_calendar_entries() -> None:
    second = BINDING.replace('"b"', '"c"').replace('"event"', '"contact"').replace('"/x/"', '"/y/"')
    (problem,) = problems(ACCOUNT + BINDING + second)
    assert 'bindings "c" collection = "X"' in problem
    assert 'binding "b" makes it a collection of event' in problem
    assert parse(ACCOUNT + BINDING + second.replace('"X"', '"Y"')).bindings[1].collection == "Y"
    assert parse(ACCOUNT + BINDING + second.replace('"contact"', '"task"')).bindings[1].kinds == ("task",)
