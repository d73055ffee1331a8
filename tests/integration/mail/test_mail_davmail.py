"""E19: DavMail, which is not exchangelib, reads and sends mails through our Exchange; ours see the same.

Run by `make test-servers`.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from imapclient import IMAPClient

from connectors.exchange.mail import ExchangeMail
from connectors.exchange.mail_sending import ExchangeSender
from connectors.mail import After
from connectors.settings import ConnectorSettings
from tests.contract.mail_sender_contract import written
from tests.contract.mail_source_world import ODD_MAILS, mail
from tests.servers.microsoft.davmail import davmail_for_mail, why_not
from tests.servers.microsoft.ews_client import Desk, desk
from tests.servers.microsoft.no_mail import answers_meant
from tests.servers.microsoft.post import deliver

if why_not():
    pytest.skip(f"DavMail: {why_not()}", allow_module_level=True)

ADA, EVA = "ada@example.com", "eva@customer.example"


@dataclass
class Office:
    """A mailbox, through DavMail and through our own connector."""

    exchange: Desk
    imap: IMAPClient
    smtp: int
    source: ExchangeMail
    sender: ExchangeSender

    def came(self, *raws: bytes) -> list[str]:
        """Mails arrive: their ids at Exchange."""
        box = self.exchange.site.exchange.mailbox(ADA)
        return [deliver(box, raw).folder_id for raw in raws]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with desk() as exchange, davmail_for_mail(exchange.site.url) as (imap, smtp):
        client = IMAPClient("127.0.0.1", port=imap, ssl=False, timeout=60)
        client.login("ada", "secret")
        settings = ConnectorSettings(exchange.site.url, "ada", "secret")
        made = Office(exchange, client, smtp, ExchangeMail(settings), ExchangeSender(settings))
        yield made
        client.logout()
        made.source.close()
        made.sender.close()


def test_e19_a_mail_is_the_same_through_imap(office: Office) -> None:
    raws = list(ODD_MAILS.values())
    ids = office.came(*raws)
    office.imap.select_folder("INBOX")
    found = office.imap.fetch(office.imap.search(), ["BODY.PEEK[]"])
    assert [one[b"BODY[]"] for _, one in sorted(found.items())][-len(raws) :] == raws
    assert [raw for _, raw in office.source.raws("INBOX", ids)] == raws


def test_e19_what_one_marks_the_other_sees(office: Office) -> None:
    ours, theirs = office.came(mail("ours"), mail("theirs"))
    office.source.settle("INBOX", [ours], After(seen=True))
    office.imap.select_folder("INBOX")
    *_, first, second = sorted(office.imap.search())
    flags = office.imap.get_flags([first, second])
    assert [b"\\Seen" in flags[one] for one in (first, second)] == [True, False]
    office.imap.add_flags([second], [b"\\Seen"])
    seen = {one.id: one.is_read for one in office.exchange.account.inbox.all().only("is_read")}
    assert (seen[ours], seen[theirs]) == (True, True)


@pytest.mark.mails
def test_e19_a_mail_that_goes_out_by_smtp_is_found_as_sent(office: Office) -> None:
    with answers_meant(), smtplib.SMTP("127.0.0.1", office.smtp, timeout=60) as line:
        line.login("ada", "secret")
        line.sendmail(ADA, [EVA], written("by smtp", sender=ADA, to=[EVA]))
    (gone,) = office.exchange.site.exchange.outbox
    assert (gone.recipients, gone.subject) == ([EVA], "by smtp")
    assert office.sender.find_sent("by-smtp@example.org") is True
