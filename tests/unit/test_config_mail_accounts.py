"""Accounts at mail servers: which settings go together."""

from __future__ import annotations

import pytest

from config import ConfigError, parse
from config.settings import Settings

IMAP = 'connector = "imap"\nurl = "imaps://mail.example.org"\nusername = "ada"\nsecret = "env:S"\n'
SMTP = 'connector = "smtp"\nurl = "smtp://mail.example.org:587"\n'
DAV = 'url = "https://dav.example.org"\nusername = "ada"\nsecret = "env:S"\n'


def read(text: str, more: str = "") -> Settings:
    return parse(f'[[accounts]]\nname = "a"\n{text}\n{more}')


@pytest.mark.parametrize(
    "text",
    [
        IMAP,
        IMAP.replace("imaps://mail.example.org", "imap://127.0.0.1:1143/"),
        IMAP + 'auth = "bearer"\n',
        SMTP,
        SMTP + 'username = "ada"\nsecret = "env:S"\nca_file = "ca.pem"\n',
        SMTP.replace("smtp://", "smtps://") + 'username = "ada"\nsecret = "env:S"\nauth = "bearer"\n',
    ],
)
def test_what_can_be_used(text: str) -> None:
    assert read(text).accounts[0].name == "a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (IMAP.replace("imaps://", "https://"), "imap needs the server's address, such as imaps://mail.example.org"),
        (IMAP.replace("imaps://", "smtps://"), "imap needs the server's address"),
        (SMTP.replace("smtp://", "imap://"), "smtp needs the server's address, such as smtps://mail.example.org"),
        (DAV.replace("https://", "imaps://"), "dav needs an address that starts with https://"),
        (IMAP.replace("mail.example.org", "mail.example.org/INBOX"), "write only the server and its port"),
        (IMAP.replace("mail.example.org", "ada@mail.example.org"), "write only the server and its port"),
        (IMAP.replace("mail.example.org", "ada:pw1234@mail.example.org"), "no password in an address"),
        (IMAP.replace("mail.example.org", "mail.example.org:99999"), "a port if need be"),
        (IMAP.replace("mail.example.org", ""), "names a server"),
        (IMAP.replace('username = "ada"\n', ""), "write who signs in"),
        (IMAP.replace('secret = "env:S"\n', ""), "a password or a token is needed"),
        (SMTP + 'auth = "bearer"\nsecret = "env:S"\n', "write who signs in"),
        (IMAP + 'auth = "digest"\n', "imap signs in with basic or bearer"),
        (SMTP + 'auth = "device"\nclient_id = "x"\n', "smtp signs in with basic or bearer"),
        (IMAP + 'mailbox = "eva@example.org"\n', "mailbox is only of use"),
        (IMAP + 'proxy = "http://proxy.example.org"\n', "proxy is of no use with the connector imap"),
    ],
)
def test_what_cannot(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(text)
    assert said in str(raised.value)
    assert "pw1234" not in str(raised.value)


@pytest.mark.parametrize(
    "more",
    [
        '[[bindings]]\nname = "b"\naccount = "a"\nremote = "INBOX"\ncollection = "c"\nkinds = ["event"]\n',
        '[[fanouts]]\nname = "f"\naccount = "a"\ncollection = "c"\nmailboxes = ["eva@example.org"]\n',
    ],
)
@pytest.mark.parametrize(("text", "kind"), [(IMAP, "imap"), (SMTP, "smtp")])
def test_nothing_is_synced_with_a_mail_server(text: str, kind: str, more: str) -> None:
    with pytest.raises(ConfigError, match=f"{kind} is for mail only: it has no calendars"):
        read(text, more)
