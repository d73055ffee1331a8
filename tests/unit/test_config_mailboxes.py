"""What a configuration may say of mailboxes whose mails become requests."""

from __future__ import annotations

import pytest

from config import ConfigError, parse

_ACCOUNTS = """
[[accounts]]
name = "in"
connector = "imap"
url = "imaps://mail.example.org"
username = "support"
secret = "env:IN"

[[accounts]]
name = "dav"
url = "https://dav.example.org/"
username = "ada"
secret = "env:DAV"

[[accounts]]
name = "out"
connector = "smtp"
url = "smtps://mail.example.org"
"""


def _box(name: str = "support", **values: str) -> str:
    values = {"account": '"in"', "address": '"support@example.org"'} | values
    return "\n".join([f'\n[[mailboxes]]\nname = "{name}"', *(f"{key} = {value}" for key, value in values.items()), ""])


def test_a_mailbox_needs_little() -> None:
    [box] = parse(_ACCOUNTS + _box(send_through='"out"')).mailboxes
    assert (box.folders, box.after, box.keyword) == (("INBOX",), "keyword", "AgendaHub")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"account": '"nobody"'}, "no [[accounts]] entry"),
        ({"account": '"dav"'}, "dav has no mails"),
        ({"account": '"out"'}, "smtp has no mails"),
        ({"send_through": '"in"'}, "imap sends no mails"),
        ({"send_through": '"nobody"'}, "no [[accounts]] entry"),
        ({"after": '"move"'}, "into which folder"),
        ({"after": '"move"', "move_to": '"INBOX"'}, "is read itself"),
        ({"keyword": '""'}, "which keyword"),
        ({"folders": '["INBOX", "INBOX"]'}, "named once"),
        ({"folders": '[""]'}, "has a name"),
    ],
)
def test_what_cannot_be_is_told(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("[", r"\[").replace("]", r"\]")):
        parse(_ACCOUNTS + _box(**wrong))


def test_names_stand_once_and_a_folder_has_one_reader() -> None:
    with pytest.raises(ConfigError, match="already taken"):
        parse(_ACCOUNTS + _box() + _box(folders='["Other"]'))
    with pytest.raises(ConfigError, match='mailbox "support" reads the folder INBOX of this account already'):
        parse(_ACCOUNTS + _box() + _box("sales"))
    assert len(parse(_ACCOUNTS + _box() + _box("sales", folders='["Sales"]')).mailboxes) == 2


def test_an_app_opens_the_mailbox_of_each_address() -> None:
    office = """
[[accounts]]
name = "in"
connector = "microsoft365"
auth = "app"
tenant = "t"
client_id = "c"
secret = "env:APP"
"""
    assert len(parse(office + _box() + _box("sales", address='"sales@example.org"')).mailboxes) == 2


def test_invitations_are_mailed_from_a_mailbox_that_there_is() -> None:
    server = '[server]\ninvite_by_mail = "support"\n'
    assert parse(server + _ACCOUNTS + _box()).server.invite_by_mail == "support"
    with pytest.raises(ConfigError, match="invite_by_mail"):
        parse(server + _ACCOUNTS)
