"""Mail of Exchange, where the contract says nothing: kinds of mails, mails that cannot be given out, refusals."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from exchangelib import Message
from lxml import etree

from connectors.exchange.mail import ExchangeMail
from connectors.exchange.mail_sending import ExchangeSender
from connectors.mail import After, Arrival
from connectors.settings import ConnectorSettings
from sync_engine.errors import (
    CursorExpired,
    NoAccess,
    OutcomeUnknown,
    Rejected,
    SuspectListing,
    Throttled,
    Unavailable,
    VersionConflict,
)
from tests.contract.mail_sender_contract import written
from tests.contract.mail_source_world import crlf, mail
from tests.integration.microsoft.exchange_desk import XML, Listening, Trouble, refusal
from tests.servers.microsoft.ews import PATH, add_person, application
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.ews_client import Desk as Client
from tests.servers.microsoft.ews_client import schema_faults
from tests.servers.microsoft.ews_xml import Refused, envelope, failure, m, response, stored, t
from tests.servers.microsoft.mailbox import CONTACTS, MAIL, Item, Mailbox
from tests.servers.microsoft.post import deliver
from tests.servers.microsoft.serving import serving

ADA, BOB, EVA = "ada@example.com", "bob@example.com", "eva@customer.example"
THEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOTHING = envelope(m("CreateItemResponse", m("ResponseMessages")))
_INVITATION = crlf(
    b"""From: Eva <eva@customer.example>
To: ada@example.com
Subject: Lunch
Message-ID: <lunch@customer.example>
MIME-Version: 1.0
Content-Type: text/calendar; method=%s; charset=utf-8

BEGIN:VCALENDAR
END:VCALENDAR
"""
)


@dataclass
class Desk:
    """Ada's mailbox, and both ways of mail."""

    site: Site
    listening: Listening
    ada: Mailbox
    source: ExchangeMail
    sender: ExchangeSender
    cursor: str | None = None

    def came(self, *raws: bytes, folder: str = "inbox") -> list[Item]:
        """Mails arrive, one each minute."""
        times = (THEN + timedelta(minutes=n + len(self.ada.items)) for n in range(len(raws)))
        return [deliver(self.ada, raw, folder, at) for raw, at in zip(raws, times, strict=True)]

    def pull(self, folder: str = "INBOX", most: int = 1000) -> list[Arrival]:
        """At most so many pages."""
        found: list[Arrival] = []
        for _, page in zip(range(most), self.source.arrivals(folder, self.cursor), strict=False):
            found += page.arrivals
            self.cursor = page.cursor
        return found

    def raws(self) -> list[bytes | None]:
        """Of what came."""
        return [raw for _, raw in self.source.raws("INBOX", [one.id for one in self.pull()])]

    def fail(self, trouble: Trouble) -> None:
        self.listening.troubles.append(trouble)


@pytest.fixture
def desk() -> Iterator[Desk]:
    site = Site()
    add_person(site, "ada", "secret", ADA, "Ada")
    add_person(site, "bob", "secret", BOB, "Bob")
    listening = Listening(application(site))
    with serving(listening) as url:
        site.url = url + PATH
        settings = ConnectorSettings(site.url, "ada", "secret")
        source, sender = ExchangeMail(settings, page=2), ExchangeSender(settings)
        yield Desk(site, listening, site.exchange.mailbox(ADA), source, sender)
        source.close()
        sender.close()
    faults = schema_faults(site)
    assert not faults, faults[0]


def answer_of(operation: str, code: str) -> Trouble:
    """The server refuses the one thing of a request, not the request (E18)."""
    body = response(operation, [failure(operation, Refused(code, "It is so."))])
    return Trouble(operation, 200, envelope(body), headers=XML)


# ---------------------------------------------------------------- what came


def test_invitations_by_mail_and_reports_are_mails(desk: Desk) -> None:
    kinds = [_INVITATION % method for method in (b"REQUEST", b"CANCEL", b"REPLY")]
    desk.came(*kinds, mail("plain"))
    assert desk.raws() == [*kinds, mail("plain")]


def test_contacts_in_a_mail_folder_are_none(desk: Desk) -> None:
    (one,) = desk.came(mail("a"))
    person = desk.ada.create("contacts", {"DisplayName": stored(t("DisplayName", "Eva"))})
    desk.ada.move(person.id, "inbox")
    assert person.kind == CONTACTS
    assert [found.id for found in desk.pull()] == [one.folder_id]


def test_an_old_mail_that_comes_while_a_first_listing_is_interrupted_is_told(desk: Desk) -> None:
    desk.came(*(mail(name) for name in "abcde"))
    elsewhere = deliver(desk.ada, mail("old"), "junkemail", THEN - timedelta(days=1))
    assert len(desk.pull(most=1)) == 2
    desk.ada.move(elsewhere.id, "inbox")
    rest = [desk.source.raw("INBOX", one.id) for one in desk.pull()]
    assert rest[:3] == [mail("c"), mail("d"), mail("e")]
    assert mail("old") in rest
    assert desk.pull() == []


def test_a_later_round_goes_on_page_by_page(desk: Desk) -> None:
    desk.pull()
    made = desk.came(*(mail(name) for name in "abc"))
    assert [one.id for one in desk.pull(most=1)] == [one.folder_id for one in made[:2]]
    assert [one.id for one in desk.pull()] == [made[2].folder_id]


def test_a_folder_of_the_same_name_is_another_folder(desk: Desk) -> None:
    folder = desk.ada.add_collection(MAIL, "Support")
    desk.pull("Support")
    desk.ada.remove_collection(folder.id)
    made = desk.ada.add_collection(MAIL, "Support")
    desk.came(mail("new"), folder=made.id)
    with pytest.raises(Exception, match="no mail folder"):
        desk.pull("Support")  # its id is still known
    with pytest.raises(CursorExpired):
        desk.pull("Support")
    desk.cursor = None
    assert len(desk.pull("Support")) == 1


def test_folders_are_found_by_path_by_id_and_in_whatever_case(desk: Desk) -> None:
    inner = desk.ada.add_collection(MAIL, "Žádosti", desk.ada.add_collection(MAIL, "Support").id)
    desk.came(mail("deep"), folder=inner.id)
    inner.name = "Žádosti " * 20
    for name in (f"Support/{inner.name}", f"support/{inner.name.lower()}", inner.id):
        desk.cursor = None
        assert len(desk.pull(name)) == 1, name
    ids = {one.id for one in desk.source.folders()}
    assert {"INBOX", "Support", f"Support/{inner.name}", "Sent Items"} <= ids
    assert not ids & {"Contacts", "Calendar", "Tasks"}


def test_nothing_new_keeps_the_cursor_as_it_is(desk: Desk) -> None:
    desk.came(mail("a"))
    desk.pull()
    before = desk.cursor
    assert (desk.pull(), desk.cursor) == ([], before)


# ---------------------------------------------------------------- when it comes


def never() -> bool:
    return False


def test_a_mail_that_came_before_we_listened_is_told_at_once(desk: Desk) -> None:
    desk.pull()
    desk.came(mail("a"))
    assert desk.source.wait("INBOX", 10, never)
    assert len(desk.pull()) == 1


def test_what_we_mark_ourselves_wakes_nobody(desk: Desk) -> None:
    desk.came(mail("a"))
    (one,) = desk.pull()
    assert not desk.source.wait("INBOX", 0.5, never)
    desk.source.settle("INBOX", [one.id], After(seen=True, keyword="AgendaHub"))
    assert not desk.source.wait("INBOX", 0.8, never)
    desk.came(mail("b"))
    assert desk.source.wait("INBOX", 10, never)


def test_a_server_without_a_connection_to_spare_is_asked_in_time_nevertheless(desk: Desk) -> None:
    desk.site.mood.max_streams = 0
    desk.pull()
    desk.came(mail("a"))
    assert not desk.source.wait("INBOX", 0.6, never)
    assert len(desk.pull()) == 1


def test_a_stream_that_breaks_wakes_nobody_and_harms_nothing(desk: Desk) -> None:
    desk.pull()
    assert not desk.source.wait("INBOX", 0.4, never)
    desk.site.mood.cut_streams = True
    assert not desk.source.wait("INBOX", 0.6, never)
    desk.came(mail("a"))
    assert len(desk.pull()) == 1


def test_nobody_is_asked_to_tell_where_push_is_off(desk: Desk) -> None:
    source = ExchangeMail(ConnectorSettings(desk.site.url, "ada", "secret", options={"push": "off"}))
    list(source.arrivals("INBOX", None))
    desk.came(mail("a"))
    assert not source.wait("INBOX", 0.4, never)
    source.close()
    assert "Subscribe" not in desk.site.requests


def test_closing_gives_the_subscription_back(desk: Desk) -> None:
    desk.pull()
    assert not desk.source.wait("INBOX", 0.5, never)
    assert len(desk.site.subscriptions) == 1
    desk.source.close()
    assert desk.site.subscriptions == {}
    assert not [one for one in threading.enumerate() if one.name == "mail notifications"]


# ---------------------------------------------------------------- mails


def test_a_mail_without_content_is_rejected_and_the_others_come(desk: Desk) -> None:
    _, bad, _ = desk.came(mail("good"), mail("bad"), mail("last"))
    bad.mime = b""
    ids = [one.id for one in desk.pull()]
    found = desk.source.raws("INBOX", ids)
    assert next(found) == (ids[0], mail("good"))
    with pytest.raises(Rejected):
        next(found)
    assert desk.source.raw("INBOX", ids[2]) == mail("last")


def test_a_mail_at_which_the_server_itself_fails_is_rejected_alone(desk: Desk) -> None:
    desk.came(mail("good"), mail("bad"))
    ids = [one.id for one in desk.pull()]
    desk.fail(refusal("GetItem", "ErrorInternalServerError"))
    assert [raw for _, raw in desk.source.raws("INBOX", ids)] == [mail("good"), mail("bad")]
    desk.fail(refusal("GetItem", "ErrorInternalServerError"))
    with pytest.raises(Rejected):
        desk.source.raw("INBOX", ids[1])
    for _ in range(2):
        desk.fail(refusal("GetItem", "ErrorInternalServerError"))
    with pytest.raises(Unavailable):
        desk.source.raw("INBOX", ids[1])


def test_an_answer_that_is_cut_off_is_no_mail(desk: Desk) -> None:
    desk.came(mail("a"))
    (one,) = desk.pull()
    desk.fail(Trouble("GetItem", 200, b'<?xml version="1.0"?><s:Envelope xmlns:s="x"><s:Body>', headers=XML))
    with pytest.raises(SuspectListing):
        desk.source.raw("INBOX", one.id)


# ---------------------------------------------------------------- afterwards


def categories(item: Item) -> list[str]:
    there = item.fields.get("Categories")
    return [one.text or "" for one in etree.fromstring(there)] if there else []


def test_categories_that_people_gave_stay(desk: Desk) -> None:
    (one,) = desk.came(mail("a"))
    desk.ada.update(one.id, {"Categories": stored(t("Categories", t("String", "Urgent")))})
    (told,) = desk.pull()
    for _ in range(2):
        desk.source.settle("INBOX", [told.id], After(keyword="AgendaHub"))
    assert categories(one) == ["Urgent", "AgendaHub"]


def test_who_changes_a_mail_at_the_same_time_loses_nothing(desk: Desk) -> None:
    (one,) = desk.came(mail("a"))
    (told,) = desk.pull()
    urgent = {"Categories": stored(t("Categories", t("String", "Urgent")))}
    desk.fail(Trouble("UpdateItem", meanwhile=lambda: desk.ada.update(one.id, urgent)))
    desk.source.settle("INBOX", [told.id], After(keyword="AgendaHub"))
    assert categories(one) == ["Urgent", "AgendaHub"]
    for _ in range(3):
        desk.fail(Trouble("UpdateItem", meanwhile=lambda: desk.ada.touch(one.id)))
    with pytest.raises(VersionConflict):
        desk.source.settle("INBOX", [told.id], After(seen=True))


def test_an_invitation_is_marked_as_what_it_is(desk: Desk) -> None:
    (one,) = desk.came(_INVITATION % b"REQUEST")
    (told,) = desk.pull()
    desk.source.settle("INBOX", [told.id], After(seen=True, keyword="AgendaHub"))
    assert categories(one) == ["AgendaHub"]
    (update,) = [asked for asked in desk.listening.asked if asked.tag.endswith("UpdateItem")]
    assert {step[1].tag.partition("}")[2] for step in update.iter("{*}SetItemField")} == {"MeetingRequest"}


def test_nobody_gets_a_read_receipt(desk: Desk) -> None:
    desk.came(mail("a"))
    (told,) = desk.pull()
    desk.source.settle("INBOX", [told.id], After(seen=True))
    (update,) = [one for one in desk.listening.asked if one.tag.endswith("UpdateItem")]
    assert update.get("SuppressReadReceipts") == "true"


def test_a_move_whose_answer_is_lost_can_be_said_again(desk: Desk) -> None:
    desk.came(mail("a"), mail("b"))
    ids = [one.id for one in desk.pull()]
    desk.fail(Trouble("MoveItem", 502, done=True))
    with pytest.raises(OutcomeUnknown):
        desk.source.settle("INBOX", ids, After(move_to="Junk Email"))
    desk.source.settle("INBOX", ids, After(move_to="Junk Email"))
    assert [one.mime for one in desk.ada.in_collection("junkemail")] == [mail("a"), mail("b")]


# ---------------------------------------------------------------- what goes out


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (answer_of("CreateItem", "ErrorInvalidRecipients"), Rejected),
        (answer_of("CreateItem", "ErrorMessageSizeExceeded"), Rejected),
        (answer_of("CreateItem", "ErrorMimeContentInvalid"), Rejected),
        (answer_of("CreateItem", "ErrorItemNotFound"), Rejected),
        (answer_of("CreateItem", "ErrorSendAsDenied"), NoAccess),
        (answer_of("CreateItem", "ErrorSubmissionQuotaExceeded"), Throttled),
        (answer_of("CreateItem", "ErrorMailboxStoreUnavailable"), OutcomeUnknown),
        (answer_of("CreateItem", "ErrorInternalServerError"), OutcomeUnknown),
        (refusal("CreateItem", "ErrorInternalServerError"), OutcomeUnknown),
        (refusal("CreateItem", "ErrorSchemaValidation"), Rejected),
        (Trouble("CreateItem", 413), Rejected),
        (Trouble("CreateItem", 502), OutcomeUnknown),
        (Trouble("CreateItem", 403), NoAccess),
        (Trouble("CreateItem", 200, b"<html>Please sign in to the network.</html>"), OutcomeUnknown),
        (
            Trouble("CreateItem", 200, envelope(m("CreateItemResponse", m("ResponseMessages"))), headers=XML),
            OutcomeUnknown,
        ),
    ],
)
def test_what_is_said_of_a_mail_is_understood(desk: Desk, trouble: Trouble, error: type[Exception]) -> None:
    desk.fail(Trouble(trouble.operation, trouble.status, trouble.body, headers=trouble.headers))
    with pytest.raises(error) as raised:
        desk.sender.send(written("x", sender=ADA), ADA, [EVA])
    assert type(raised.value) is error
    assert desk.site.exchange.outbox == []


@pytest.mark.mails
def test_a_mail_is_handed_over_as_mime_and_nothing_else_is_said_of_it(desk: Desk) -> None:
    desk.sender.send(written("x", sender=ADA, to=[EVA]), ADA, [EVA, BOB])
    (asked,) = desk.listening.asked
    assert [(asked.get("MessageDisposition"), len(one)) for one in asked.iter("{*}Message")] == [("SendAndSaveCopy", 1)]
    (copy,) = desk.site.exchange.mailbox(BOB).in_collection("inbox")
    assert copy.mime == written("x", sender=ADA, to=[EVA])
    assert [one.mime[:4] for one in desk.ada.in_collection("sentitems")] == [b"Bcc:"]


@pytest.mark.mails
def test_a_copy_that_somebody_deleted_was_sent_and_a_draft_is_undecided(desk: Desk) -> None:
    desk.sender.send(written("x", sender=ADA), ADA, [EVA])
    (copy,) = desk.ada.in_collection("sentitems")
    desk.ada.move(copy.id, "deleteditems")
    assert desk.sender.find_sent("x@example.org") is True
    desk.ada.move(copy.id, "drafts")
    assert desk.sender.find_sent("x@example.org") is None
    assert desk.sender.find_sent("X@example.org") is False  # Exchange compares case apart, Message-IDs are not
    assert desk.sender.find_sent(f"{'x' * 260}@example.org") is None


def test_exchangelib_reads_what_lies_there(desk: Desk) -> None:
    """The server is one for other clients too."""
    desk.came(mail("a"))
    account = Client(desk.site).sign_in()
    (seen,) = account.inbox.all()
    account.protocol.close()
    assert isinstance(seen, Message)
    assert (seen.subject, seen.mime_content, seen.author.email_address) == ("a", mail("a"), EVA)
