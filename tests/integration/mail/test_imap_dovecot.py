"""More of a real Dovecot than the contract asks: what is said to it, what others do meanwhile, deliveries."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest
from imapclient import IMAPClient

from connectors.imap import connect
from connectors.imap.source import ImapSource
from connectors.mail import After
from connectors.mail_registry import mail_sender, mail_source
from connectors.settings import ConnectorSettings
from sync_engine.errors import Unavailable
from tests.servers import dovecot as servers
from tests.servers.dovecot import DOMAIN, PASSWORD, Dovecot
from tests.servers.recording import recording
from tests.servers.smtp import PASSWORD as SMTP_PASSWORD
from tests.servers.smtp import USER, smtp

pytestmark = pytest.mark.skipif(bool(servers.why_not()), reason=servers.why_not())

_users = count()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with servers.dovecot() as found:
        yield found


@pytest.fixture
def user() -> str:
    return f"user{next(_users)}"


@pytest.fixture
def source(dovecot: Dovecot, user: str) -> Iterator[ImapSource]:
    found = connect(ConnectorSettings(dovecot.url, user, PASSWORD, timeout=30.0))
    yield found
    found.close()


@pytest.fixture
def somebody(dovecot: Dovecot, user: str) -> Iterator[IMAPClient]:
    client = IMAPClient("127.0.0.1", port=dovecot.port, ssl=False, timeout=10)
    client.login(user, PASSWORD)
    yield client
    client.logout()


def mail(n: int) -> bytes:
    return b"Subject: %d\r\n\r\n%d\r\n" % (n, n)


def put(somebody: IMAPClient, numbers: range, folder: str = "INBOX") -> None:
    for n in numbers:
        somebody.append(folder, mail(n))


def test_a_whole_life_says_nothing_that_deletes_or_marks(dovecot: Dovecot, user: str, somebody: IMAPClient) -> None:
    somebody.create_folder("Done")
    put(somebody, range(5))
    with recording(dovecot.port) as line:
        source = connect(ConnectorSettings(f"imap://127.0.0.1:{line.port}", user, PASSWORD, timeout=30.0))
        source.folders()
        ids = [one.id for page in source.arrivals("INBOX", None) for one in page.arrivals]
        assert len(list(source.raws("INBOX", ids))) == 5
        source.wait("INBOX", 0.2, lambda: False)
        source.settle("INBOX", ids[:2], After(seen=True, keyword="AgendaHub"))
        source.settle("INBOX", ids[2:], After(move_to="Done"))
        source.close()
        said = [text.upper() for text in line.lines]
    assert any(b"IDLE" in text for text in said)
    assert any(b"UID MOVE" in text for text in said)
    for forbidden in (b"DELETE", b"EXPUNGE", b"CLOSE", b"BODY[", b"RFC822]", b" COPY "):
        assert not [text for text in said if forbidden in text], forbidden
    before_settling = said[: next(n for n, text in enumerate(said) if b"UID STORE" in text)]
    assert sum(b" SELECT " in text for text in before_settling) == 1  # opened for writing only to write
    assert not any(PASSWORD.encode().upper() in text for text in said)  # of AUTHENTICATE, in base64


def test_mails_that_vanish_between_pages_hide_no_other(source: ImapSource, somebody: IMAPClient) -> None:
    put(somebody, range(40))
    somebody.select_folder("INBOX")
    source.page = 10
    found: list[str] = []
    for page in source.arrivals("INBOX", None):
        found += [one.id for one in page.arrivals]
        some = somebody.search()[:7]  # of those that were told, and some that were not
        somebody.delete_messages(some)
        somebody.expunge()
    left = {f"{found[0].split('.')[0]}.{uid}" for uid in somebody.search()}
    assert left <= set(found)
    assert len(found) == len(set(found)) >= 40 - 7 * 3


def test_a_large_folder_is_read_in_few_requests(dovecot: Dovecot, user: str, somebody: IMAPClient) -> None:
    put(somebody, range(450))
    with recording(dovecot.port) as line:
        source = connect(ConnectorSettings(f"imap://127.0.0.1:{line.port}", user, PASSWORD, timeout=30.0))
        pages = list(source.arrivals("INBOX", None))
        first = len(line.lines)
        again = list(source.arrivals("INBOX", pages[-1].cursor))
        nothing = len(line.lines) - first
        put(somebody, range(450, 452))
        new = list(source.arrivals("INBOX", again[-1].cursor))
        asked = len(line.lines) - first - nothing
        source.close()
    assert [len(page.arrivals) for page in pages] == [200, 200, 50]
    assert [len(page.arrivals) for page in (*again, *new)] == [0, 2]
    assert nothing == 1  # EXAMINE alone
    assert asked <= 4  # EXAMINE, two looks where they begin, the page
    assert first <= 20


def test_a_look_is_one_command_also_where_the_newest_mail_was_deleted(
    dovecot: Dovecot, user: str, somebody: IMAPClient
) -> None:
    """UIDNEXT alone cannot tell; the folder's count of changes can (CONDSTORE)."""
    put(somebody, range(3))
    somebody.select_folder("INBOX")
    somebody.delete_messages(somebody.search()[-1:])
    somebody.expunge()
    with recording(dovecot.port) as line:
        source = connect(ConnectorSettings(f"imap://127.0.0.1:{line.port}", user, PASSWORD, timeout=30.0))
        (page,) = source.arrivals("INBOX", None)
        before = len(line.lines)
        (again,) = source.arrivals("INBOX", page.cursor)
        asked = len(line.lines) - before
        source.close()
    assert (len(page.arrivals), len(again.arrivals), asked) == (2, 0, 1)


def test_two_thousand_octets_or_twenty_megabytes(source: ImapSource, somebody: IMAPClient) -> None:
    large = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 1_200_000
    put(somebody, range(2))
    somebody.append("INBOX", large)
    put(somebody, range(2, 4))
    ids = [one.id for page in source.arrivals("INBOX", None) for one in page.arrivals]
    assert [raw for _, raw in source.raws("INBOX", ids)] == [mail(0), mail(1), large, mail(2), mail(3)]


def test_a_server_that_was_restarted_is_found_again() -> None:
    with servers.dovecot() as server:
        source = connect(ConnectorSettings(server.url, "ada", PASSWORD, timeout=5.0))
        server.deliver(mail(1), [f"ada@{DOMAIN}"])
        (page,) = source.arrivals("INBOX", None)
        server.doveadm("kick", "ada")
        server.deliver(mail(2), [f"ada@{DOMAIN}"])
        (later,) = source.arrivals("INBOX", page.cursor)
        assert len(later.arrivals) == 1
    with pytest.raises(Unavailable):
        list(source.arrivals("INBOX", later.cursor))
    source.close()


@pytest.mark.parametrize(("scheme", "trusted", "step"), [("imap", "", 97), ("imap", "ca", 397), ("imaps", "ca", 397)])
def test_q01_a_line_that_breaks_anywhere_loses_no_mail(
    dovecot: Dovecot, user: str, somebody: IMAPClient, scheme: str, trusted: str, step: int
) -> None:
    """Read, kept, then moved: over a line that ends after ever more octets, until all is done."""
    somebody.create_folder("Done")
    put(somebody, range(6))
    kept: dict[str, bytes] = {}
    cursor: str | None = None
    breaks = 0
    ca_file = str(dovecot.ca_file) if trusted else ""
    with recording(dovecot.tls_port if scheme == "imaps" else dovecot.port) as line:
        url = f"{scheme}://127.0.0.1:{line.port}"
        settings = ConnectorSettings(url, user, PASSWORD, ca_file=ca_file, timeout=10.0)
        for most in range(0, 40_000, step):
            line.breaks_after = most
            source = connect(settings)
            source.page = 2
            try:
                for page in source.arrivals("INBOX", cursor):
                    ids = [one.id for one in page.arrivals if one.id not in kept]
                    kept |= {one: raw for one, raw in source.raws("INBOX", ids) if raw is not None}
                    source.settle("INBOX", [one.id for one in page.arrivals], After(seen=True, move_to="Done"))
                    cursor = page.cursor
                source.settle("INBOX", list(kept), After(seen=True, move_to="Done"))
            except Unavailable:
                breaks += 1
            else:
                break
            finally:
                source.close()
    assert breaks > 10
    assert sorted(kept.values()) == [mail(n) for n in range(6)]
    assert somebody.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"] == 0
    somebody.select_folder("Done")
    rows = somebody.fetch(somebody.search(), ["BODY.PEEK[]", "FLAGS"])
    assert sorted(row[b"BODY[]"] for row in rows.values()) == [mail(n) for n in range(6)]
    assert all(b"\\Seen" in row[b"FLAGS"] for row in rows.values())


def test_idle_tells_within_a_moment(dovecot: Dovecot, user: str, source: ImapSource) -> None:
    list(source.arrivals("INBOX", None))
    came: list[float] = []

    def later() -> None:
        time.sleep(0.4)
        dovecot.deliver(mail(1), [f"{user}@{DOMAIN}"])
        came.append(time.monotonic())

    thread = threading.Thread(target=later)
    thread.start()
    assert source.wait("INBOX", 30.0, lambda: False)
    took = time.monotonic() - came[0]
    thread.join()
    assert took < 5.0
    assert sum(len(page.arrivals) for page in source.arrivals("INBOX", None)) == 1
    assert not source.wait("INBOX", 0.2, lambda: False)


def test_folders_of_every_kind(source: ImapSource, somebody: IMAPClient) -> None:
    names = ["a/b/c", "with space", 'quo"te', "back\\slash", "R&D", "Größe", "日本/受信", "per%cent", "42", "sta*r"]
    for name in names:
        somebody.create_folder(name)
        put(somebody, range(1), name)
    assert {*names, "INBOX"} <= {one.id for one in source.folders()}
    assert source.folders()[0].id == "INBOX"
    somebody.create_folder("Übergabe")
    for name in names:
        (page,) = source.arrivals(name, None)
        assert len(page.arrivals) == 1, name
        source.settle(name, [page.arrivals[0].id], After(move_to="Übergabe"))
    assert sum(len(page.arrivals) for page in source.arrivals("Übergabe", None)) == len(names)


def test_q01_a_mail_goes_from_smtp_through_lmtp_into_the_mailbox(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    sent = EmailMessage()
    sent["From"], sent["To"], sent["Subject"] = "eva@customer.example", f"{user}@{DOMAIN}", "Žádost o 日本"
    sent["Message-ID"] = "<1@customer.example>"
    sent.set_content("Dobrý den,\n.\nprosím.\n")
    with smtp(tmp_path) as server:
        server.relay = dovecot.deliver
        out = mail_sender("smtp", ConnectorSettings(server.tls_url, USER, SMTP_PASSWORD, ca_file=str(server.ca_file)))
        out.send(sent.as_bytes(), "eva@customer.example", [f"{user}@{DOMAIN}"])
        out.close()
    source = mail_source("imap", ConnectorSettings(dovecot.url, user, PASSWORD, timeout=30.0))
    (page,) = source.arrivals("INBOX", None)
    raw = source.raw("INBOX", page.arrivals[0].id) or b""
    source.close()
    assert raw.endswith(sent.as_bytes().replace(b"\n", b"\r\n"))
    assert raw.startswith(b"Return-Path: <eva@customer.example>")
