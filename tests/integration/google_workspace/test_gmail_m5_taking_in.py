"""Mails that are put into a mailbox: insert leaves them as they are, import treats them as if they had come (M5)."""

from __future__ import annotations

import time

import pytest

from tests.contract.mail_source_world import ODD_MAILS, mail
from tests.integration.google_workspace.gmail_user import Mailbox, mailbox_of, source_of
from tests.servers.google_workspace.client import Desk, refused
from tests.servers.google_workspace.gmail_taking import SPAM_LINE

SPAM = mail("Offer", SPAM_LINE.decode())
OLD = 1_234_567_890_000  # milliseconds: the date of `_written`


@pytest.fixture
def support(google: Desk) -> Mailbox:
    return mailbox_of(google)


def _written(
    name: str, subject: str = "Boiler", *, date: str = "Sat, 14 Feb 2009 01:31:30 +0200", more: str = ""
) -> bytes:
    head = f"From: eva@customer.example\r\nSubject: {subject}\r\nMessage-ID: <{name}@x>\r\nDate: {date}\r\n{more}"
    return f"{head}\r\nHello\r\n".encode()


def _is_now(milliseconds: int) -> bool:
    return abs(milliseconds - time.time() * 1000) < 60_000


@pytest.mark.parametrize("name", list(ODD_MAILS))
def test_m5_insert_keeps_every_octet(support: Mailbox, name: str) -> None:
    made = support.insert(ODD_MAILS[name], "INBOX")
    assert support.raw(made["id"]) == ODD_MAILS[name]


def test_m5_insert_does_no_scanning(support: Mailbox) -> None:
    made = support.insert(SPAM, "INBOX", "UNREAD")
    assert made["labelIds"] == ["INBOX", "UNREAD"]
    assert support.ids(labelIds=["INBOX"]) == [made["id"]]


def test_m5_import_scans_as_if_it_had_come(support: Mailbox) -> None:
    spam, good = support.take_in(SPAM, "INBOX", "UNREAD"), support.take_in(mail("Boiler"), "INBOX", "UNREAD")
    assert (spam["labelIds"], good["labelIds"]) == (["SPAM", "UNREAD"], ["INBOX", "UNREAD"])
    assert support.ids() == [good["id"]]
    assert support.ids(labelIds=["SPAM"], includeSpamTrash=True) == [spam["id"]]


def test_m5_import_with_never_mark_spam_lets_spam_in(support: Mailbox) -> None:
    assert support.take_in(SPAM, "INBOX", neverMarkSpam=True)["labelIds"] == ["INBOX"]
    assert support.take_in(SPAM, "INBOX", neverMarkSpam=False)["labelIds"] == ["SPAM"]


def test_m5_insert_takes_the_time_of_now_and_import_the_date_of_the_mail(support: Mailbox) -> None:
    raw = _written("a")
    assert _is_now(support.date(support.insert(raw)["id"]))
    assert support.date(support.take_in(raw)["id"]) == OLD
    assert support.date(support.insert(raw, internalDateSource="dateHeader")["id"]) == OLD
    assert _is_now(support.date(support.take_in(raw, internalDateSource="receivedTime")["id"]))


@pytest.mark.parametrize(
    "date", ["yesterday", "", "Sat, 99 Feb 2009 01:31:30 +0200", "Fri, 31 Dec 9999 23:59:59 -1400"]
)
def test_m5_a_date_that_is_none_is_the_time_of_now(support: Mailbox, date: str) -> None:
    assert _is_now(support.date(support.take_in(_written("a", date=date))["id"]))


def test_m5_the_internal_date_is_what_lists_go_by(support: Mailbox) -> None:
    new, old = support.insert(_written("new"))["id"], support.take_in(_written("old"))["id"]
    assert support.ids() == [new, old], "the old one was put there later"


@pytest.mark.parametrize("way", ["insert", "take_in"])
def test_m5_a_message_id_may_lie_there_twice(support: Mailbox, way: str) -> None:
    put = getattr(support, way)
    first, second = put(_written("same"), "INBOX"), put(_written("same"), "INBOX")
    assert first["id"] != second["id"]
    assert set(support.ids(q="rfc822msgid:same@x")) == {first["id"], second["id"]}


@pytest.mark.parametrize("way", ["insert", "take_in"])
def test_m5_an_answer_lies_in_the_thread_of_what_it_answers(support: Mailbox, way: str) -> None:
    put = getattr(support, way)
    question = put(_written("question"))
    answer = put(_written("answer", "RE: Boiler", more="In-Reply-To: <question@x>\r\n"))
    later = put(_written("later", "Fwd: Re: boiler", more="References: <unknown@x>\r\n <answer@x>\r\n"))
    assert question["threadId"] == question["id"]
    assert answer["threadId"] == later["threadId"] == question["id"]
    other_subject = put(_written("other", "Bill", more="In-Reply-To: <question@x>\r\n"))
    no_reference = put(_written("alone", "Re: Boiler"))
    assert [one["threadId"] for one in (other_subject, no_reference)] == [other_subject["id"], no_reference["id"]]
    profile = support.api.users().getProfile(userId="me").execute()
    assert (profile["messagesTotal"], profile["threadsTotal"]) == (5, 3)


@pytest.mark.parametrize("way", ["insert", "take_in"])
def test_m5_a_mail_that_is_taken_in_as_deleted_is_in_the_vault_only(google: Desk, support: Mailbox, way: str) -> None:
    place = support.place()
    made = getattr(support, way)(_written("a"), "INBOX", deleted=True)
    assert [one.id for one in support.box.vault] == [made["id"]]
    assert (support.ids(includeSpamTrash=True), support.since(place)) == ([], [])
    assert refused(support.messages.get(userId="me", id=made["id"])) == (404, "notFound")
    private = mailbox_of(google, "ada@gmail.com")
    kept = getattr(private, way)(_written("a"), "INBOX", deleted=True)
    assert private.ids() == [kept["id"]], "private mailboxes have no vault"


@pytest.mark.parametrize("way", ["insert", "import_"])
def test_m5_what_is_no_mail_and_labels_that_are_none_are_refused(support: Mailbox, way: str) -> None:
    put = getattr(support.messages, way)
    for body in ({"raw": ""}, {"raw": "SGVsbG8", "labelIds": ["Nowhere"]}, {"raw": "SGVsbG8", "labelIds": ["inbox"]}):
        assert refused(put(userId="me", body=body)) == (400, "invalidArgument")
    assert support.ids() == []


def test_m5_without_labels_a_mail_lies_in_no_place_and_nothing_is_sent(google: Desk, support: Mailbox) -> None:
    place = support.place()
    made = [support.insert(_written("a"))["id"], support.take_in(_written("b"))["id"]]
    assert [support.get(one).get("labelIds") for one in made] == [[], []]
    assert [one["messagesAdded"][0]["message"]["id"] for one in support.since(place)] == made
    assert google.google.gmail.sent == []


def test_m5_what_was_imported_arrives_however_old_and_spam_does_not(google: Desk, support: Mailbox) -> None:
    with source_of(google) as source:
        *_, last = source.arrivals("INBOX", None)
        old, _ = support.take_in(_written("old"), "INBOX", "UNREAD"), support.take_in(SPAM, "INBOX")
        again = support.insert(_written("old"), "INBOX")
        came = [one.id for page in source.arrivals("INBOX", last.cursor) for one in page.arrivals]
    assert came == [old["id"], again["id"]]
