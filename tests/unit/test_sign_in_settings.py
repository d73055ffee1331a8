"""What an account at Microsoft is told, and what is asked for at its sign-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agendahub.kept_tokens import name_of
from agendahub.lockouts import REMIND, Lockouts
from agendahub.workspace import _options
from config import ConfigError, parse
from config.settings import AccountSettings, Settings
from connectors.kept_sign_in import Kept
from connectors.microsoft.sign_in_kept import made_for
from connectors.microsoft.sign_in_refusals import refusal
from connectors.microsoft.sign_in_scopes import Resource, authority_of, resource_of, scopes_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, Unavailable

GRAPH = "https://graph.microsoft.com"
DEVICE = 'connector = "microsoft365"\nauth = "device"\nclient_id = "x"\n'
APP = 'connector = "microsoft365"\nauth = "app"\nclient_id = "x"\ntenant = "t"\n'


def account(text: str) -> str:
    return f'[[accounts]]\nname = "a"\n{text}'


@pytest.mark.parametrize(
    "text",
    [
        DEVICE,
        DEVICE + 'mailbox = "eva@example.org"\nzone = "Europe/Prague"\n',
        DEVICE
        + 'authority = "https://login.microsoftonline.us"\nscopes = ["https://graph.microsoft.com/Tasks.Read"]\n',
        APP + 'secret = "env:S"\n',
        APP + 'certificate = "file:app.pem"\n',
        APP.replace('tenant = "t"', 'authority = "https://adfs.example.org/adfs"') + 'certificate = "store:c"\n',
        'connector = "exchange"\nurl = "https://mail.example.org"\nauth = "ntlm"\nusername = "ada"\n',
        'connector = "exchange"\nurl = "https://mail.example.org"\nauth = "web"\nclient_id = "x"\nsecret = "env:S"\n',
        'connector = "microsoft365"\nauth = "bearer"\nsecret = "env:T"\n',
        'connector = "memory"\n',
    ],
)
def test_accounts_that_can_work(text: str) -> None:
    assert parse(account(text)).accounts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('connector = "microsoft365"\n', "auth: microsoft365 signs in with device, web, app or bearer"),
        ('connector = "microsoft365"\nauth = "ntlm"\n', "signs in with device, web, app or bearer"),
        ('connector = "dav"\nauth = "ntlm"\n', 'auth = "ntlm": dav signs in with basic, digest or bearer'),
        ('connector = "dav"\nauth = "device"\nclient_id = "x"\n', "dav signs in with basic, digest or bearer"),
        ('connector = "exchange"\nurl = "https://x"\nauth = "digest"\n', "exchange signs in with basic, ntlm, bearer"),
        (DEVICE.replace("client_id", "username"), 'client_id: auth = "device" needs the id of the app'),
        (APP.replace('tenant = "t"\n', "") + 'secret = "env:S"\n', 'tenant: auth = "app" needs the tenant'),
        (APP, 'secret: auth = "app" needs a secret or a certificate'),
        (DEVICE + 'certificate = "file:x"\n', 'auth = "device" uses no certificate'),
        (DEVICE + 'certificate = "MIIEvQIBADANBg"\n', "(not shown): a secret is never written here"),
        (DEVICE + 'authority = "http://login.example.org"\n', "over https only"),
        (DEVICE + 'zone = "Prague"\n', 'zone = "Prague": there is no time zone of this name'),
        (DEVICE + 'zone = "../../etc/passwd"\n', "there is no time zone of this name"),
        (DEVICE + 'mailbox = "Eva Nová"\n', "a mailbox is named by one e-mail address"),
        (DEVICE + 'mailbox = "a@b.c; d@e.f"\n', "a mailbox is named by one e-mail address"),
        ('connector = "dav"\nmailbox = "a@b.c"\n', "mailbox is only of use with the connectors exchange, "),
        ('connector = "dav"\ntenant = "t"\n', "tenant is only of use with auth = device, web or app, at Google"),
        (DEVICE + 'access = "delegate"\n', "access is only of use with the connector exchange"),
        ('connector = "exchange"\nurl = "https://x"\nauth = "ntlm"\n', 'username: auth = "ntlm" needs the user name'),
        ('connector = "exchange"\n', "url: exchange needs the server's address"),
    ],
)
def test_what_does_not_go_together_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(account(text))
    assert said in str(refused.value)
    assert "MIIEvQ" not in str(refused.value)
    assert "line " in str(refused.value)


def settings(**more: Any) -> ConnectorSettings:
    return ConnectorSettings(**{"url": "", "auth": "device", "client_id": "cid"} | more)


@pytest.mark.parametrize(
    ("more", "resource", "expected"),
    [
        ({"auth": "app"}, Resource.GRAPH, [f"{GRAPH}/.default"]),
        ({"auth": "app", "url": "https://graph.microsoft.us/v1.0"}, Resource.GRAPH, ["https://graph.microsoft.us/.default"]),
        ({"auth": "app", "url": "https://evil.example/v1.0"}, Resource.GRAPH, [f"{GRAPH}/.default"]),
        ({}, Resource.EWS, ["https://outlook.office365.com/EWS.AccessAsUser.All"]),
        ({"url": "https://127.0.0.1:1/EWS/Exchange.asmx"}, Resource.EWS, ["https://outlook.office365.com/EWS.AccessAsUser.All"]),
        ({"url": "https://mail.example.org/EWS/Exchange.asmx"}, Resource.EWS, ["https://mail.example.org/EWS.AccessAsUser.All"]),
        ({"options": {"scopes": "a b"}}, Resource.GRAPH, ["a", "b"]),
    ],
)  # fmt: skip
def test_scopes(more: dict[str, Any], resource: Resource, expected: list[str]) -> None:
    assert scopes_of(settings(**more), resource) == expected


def test_a_person_is_asked_for_no_more_than_the_account_needs() -> None:
    own = scopes_of(settings(), Resource.GRAPH)
    rights = ["Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite", "User.Read"]
    assert own == [f"{GRAPH}/{right}" for right in rights]
    for more in ({"mailbox": "a@b.c"}, {"shared": ("a@b.c",)}, {"options": {"others": "yes"}}):
        assert f"{GRAPH}/Calendars.ReadWrite.Shared" in scopes_of(settings(**more), Resource.GRAPH)


def test_mails_are_asked_for_where_a_mailbox_uses_the_account_and_only_then() -> None:
    both = scopes_of(settings(options={"mail": "read send", "syncs": "yes"}), Resource.GRAPH)
    rights = [
        "Contacts.ReadWrite",
        "Calendars.ReadWrite",
        "Tasks.ReadWrite",
        "Mail.ReadWrite",
        "Mail.Send",
        "User.Read",
    ]
    assert both == [f"{GRAPH}/{right}" for right in rights]
    alone = scopes_of(settings(options={"mail": "read", "use": "mail"}, mailbox="a@b.c"), Resource.GRAPH)
    assert alone == [f"{GRAPH}/{right}" for right in ("Mail.ReadWrite", "Mail.ReadWrite.Shared", "User.Read")]
    without = scopes_of(settings(options={"mail": "read send", "use": "sync"}), Resource.GRAPH)
    assert without == scopes_of(settings(), Resource.GRAPH)


def test_the_configuration_says_what_an_account_is_used_for() -> None:
    name = "office"
    box = f'[[mailboxes]]\nname = "support"\naccount = "{name}"\naddress = "support@example.org"\n'
    other = account(DEVICE) + f'[[accounts]]\nname = "{name}"\n{DEVICE}'
    bound = f'[[bindings]]\nname = "b"\naccount = "{name}"\nremote = "r"\ncollection = "c"\nkinds = ["contact"]\n'

    def told(text: str, which: str = name) -> tuple[str, str]:
        found = parse(text)
        whose = found.account(which)
        assert whose is not None
        options = _options(whose, found)
        return options["mail"], options["syncs"]

    assert told(other) == ("", "yes")
    assert told(other + box) == ("read send", "")
    assert told(other + box + bound) == ("read send", "yes")
    assert told(other + box + 'send_through = "a"\n') == ("read", "")
    assert told(other + box + 'send_through = "a"\n', "a") == ("send", "")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "https://login.microsoftonline.com/common"),
        ({"tenant": "t"}, "https://login.microsoftonline.com/t"),
        ({"tenant": "t", "url": "https://graph.microsoft.us/v1.0"}, "https://login.microsoftonline.us/t"),
        ({"tenant": "t", "authority": "https://login.example.org/"}, "https://login.example.org/t"),
        ({"tenant": "t", "authority": "https://adfs.example.org/adfs"}, "https://adfs.example.org/adfs"),
    ],
)
def test_authorities(more: dict[str, Any], expected: str) -> None:
    assert authority_of(settings(**more)) == expected


def test_the_system_is_told_by_its_address() -> None:
    assert resource_of(settings(url="https://mail.example.org/EWS/Exchange.asmx")) is Resource.EWS
    assert resource_of(settings(url="https://graph.microsoft.com/v1.0")) is Resource.GRAPH
    assert resource_of(settings()) is Resource.GRAPH


def test_what_is_kept_comes_back_and_nonsense_is_nothing() -> None:
    kept = Kept("a", "r", 1.0, 2.0, "ada@example.org", "t.u", "m", ("s1", "s2"))
    told = kept.with_refusal(NotAuthorised("no", server_said="really"), "m", ["s1"], 3.0)
    assert Kept.read(told.written()) == told
    assert told.was_refused("m", ["s1"])
    assert not told.was_refused("other", ["s1"])
    assert not told.was_refused("m", ["s1", "s3"])
    assert (str(told.refusal()), told.refusal().server_said) == ("no", "really")
    for nonsense in ("", "{", "[]", "null", '{"other": 1}'):
        assert Kept.read(nonsense) == Kept()


def test_a_token_is_good_for_its_app_and_scopes() -> None:
    kept = Kept("a", "r", 0.0, 3600.0, made_for="m", scopes=("s1", "s2"))
    assert kept.good("m", ["s1"], 3299)
    assert not kept.good("m", ["s1"], 3301)
    assert kept.lasts("m", ["s2"], 3301)
    assert not kept.lasts("m", ["s3"], 0)
    assert not kept.good("other", ["s1"], 0)
    one, two = (made_for(settings(secret=secret), Resource.GRAPH) for secret in ("one", "two"))
    assert one != two
    assert "one" not in one


@pytest.mark.parametrize(
    ("code", "words", "kind", "said"),
    [
        ("invalid_grant", "AADSTS50173: x\r\nTrace ID: 1", NotAuthorised, "password was changed"),
        ("invalid_grant", "AADSTS65001: x", NotAuthorised, "nobody consented"),
        ("invalid_client", "AADSTS7000222: x", NotAuthorised, 'account secret "our office"'),
        ("invalid_request", "AADSTS50194: x", NotAuthorised, "one tenant only"),
        ("invalid_grant", "AADSTS50196: loop", Unavailable, "cannot answer now"),
        ("", "", NotAuthorised, "no error code"),
    ],
)
def test_refusals_say_what_it_is_and_what_to_do(code: str, words: str, kind: type[Exception], said: str) -> None:
    error = refusal({"error": code, "error_description": words}, settings(options={"account": "our office"}))
    assert type(error) is kind
    assert said in str(error)
    assert "Trace" not in error.server_said


# ---------------------------------------------------------------- accounts that wait for a person

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_r24_an_account_is_told_once_and_then_daily() -> None:
    lockouts = Lockouts()
    assert lockouts.tell("a", "no", NOON)
    assert not lockouts.tell("a", "no", NOON + MINUTE)
    assert lockouts.tell("b", "no", NOON)
    assert lockouts.tell("a", "another reason", NOON)
    assert not lockouts.tell("a", "another reason", NOON + REMIND)
    assert lockouts.tell("a", "another reason", NOON + REMIND + MINUTE)
    lockouts.forget("a")
    assert lockouts.tell("a", "another reason", NOON + REMIND + 2 * MINUTE)


@pytest.mark.parametrize("name", ["one", "two", name_of("a")])
def test_r24_a_secret_certificate_or_sign_in_that_came_after_is_worth_a_try(name: str) -> None:
    own = AccountSettings(name="a", secret="store:one", certificate="store:two")
    configured = Settings(accounts=(own, AccountSettings(name="b", secret="env:X")))
    lockouts = Lockouts()
    assert not lockouts
    for account in ("a", "b", "gone"):
        lockouts.refused(account, NOON)
    assert lockouts.names() == ["a", "b", "gone"]
    assert lockouts.renewed(configured, {name: NOON - MINUTE}) == []
    assert lockouts.renewed(configured, {name: NOON + MINUTE, "X": NOON + MINUTE}) == ["a"]
    lockouts.well("a")
    assert lockouts.names() == ["b", "gone"]
