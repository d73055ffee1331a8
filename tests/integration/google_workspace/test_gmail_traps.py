"""What Gmail does in between (M1-M5), beside the contract of sources of mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.google_workspace.mail import GmailMail
from connectors.google_workspace.mail_sending import GmailSender
from connectors.google_workspace.probe import probe
from connectors.google_workspace.sign_in_scopes import scopes_of
from connectors.mail import After, Arrival
from connectors.probing import Step
from connectors.registry import connect
from connectors.settings import ConnectorSettings
from sync_engine.errors import CollectionGone, CursorExpired, NoAccess, OutcomeUnknown, Rejected, Throttled, Unavailable
from tests.contract.mail_sender_contract import EVA, written
from tests.contract.mail_source_world import mail
from tests.servers.google_workspace.gmail import Box
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.server import Google, google_workspace

SUPPORT = "support@example.com"


@pytest.fixture
def google() -> Iterator[Google]:
    with google_workspace() as google:
        yield google


def settings(google: Google, **more: Any) -> ConnectorSettings:
    return ConnectorSettings(
        google.url, **{"secret": google.give(SUPPORT), "auth": "bearer", "max_wait": 0.0, "timeout": 2.0, **more}
    )


@pytest.fixture
def source(google: Google) -> Iterator[GmailMail]:
    made = GmailMail(settings(google))
    yield made
    made.close()


@pytest.fixture
def sender(google: Google) -> Iterator[GmailSender]:
    made = GmailSender(settings(google))
    yield made
    made.close()


@pytest.fixture
def box(google: Google) -> Box:
    return google.gmail.box(SUPPORT)


def pulled(source: GmailMail, folder: str, cursor: str | None) -> tuple[list[Arrival], str]:
    found: list[Arrival] = []
    for page in source.arrivals(folder, cursor):
        found += page.arrivals
        cursor = page.cursor
    return found, str(cursor)


def ids(arrivals: list[Arrival]) -> list[str]:
    return [one.id for one in arrivals]


def test_m1_nothing_new_is_one_request(google: Google, source: GmailMail, box: Box) -> None:
    box.deliver(mail("old"))
    _, cursor = pulled(source, "INBOX", None)
    before = google.outer
    assert pulled(source, "INBOX", cursor) == ([], cursor)
    assert google.outer - before == 1


def test_m1_a_place_of_the_future_or_the_past_has_expired(source: GmailMail, box: Box) -> None:
    box.deliver(mail("a"))
    _, cursor = pulled(source, "INBOX", None)
    for place in ("999999999", "1"):
        with pytest.raises(CursorExpired):
            pulled(source, "INBOX", cursor.replace(str(box.place), place))


def test_m2_the_trash_and_spam_of_people_are_no_arrivals_and_left_alone(source: GmailMail, box: Box) -> None:
    _, cursor = pulled(source, "INBOX", None)
    kept, binned, spam = (box.deliver(mail(name)) for name in ("kept", "binned", "spam"))
    box.trash(binned.id)
    box.relabel(spam.id, {"SPAM"})
    found, _ = pulled(source, "INBOX", cursor)
    assert ids(found) == [kept.id]
    source.settle("INBOX", [kept.id, binned.id, spam.id], After(seen=True, keyword="AgendaHub"))
    assert binned.labels == {"TRASH", "UNREAD"}
    assert spam.labels == {"INBOX", "SPAM", "UNREAD"}
    assert "UNREAD" not in kept.labels
    assert source.raw("INBOX", binned.id) is None


def test_a_mail_that_somebody_puts_under_the_label_is_an_arrival(source: GmailMail, box: Box) -> None:
    done = box.label("Support/New")
    old = box.deliver(mail("old"))
    _, cursor = pulled(source, "Support/New", None)
    box.relabel(old.id, {done})
    found, cursor = pulled(source, "Support/New", cursor)
    assert ids(found) == [old.id]
    box.relabel(old.id, {"STARRED"})
    assert pulled(source, "Support/New", cursor)[0] == []


def test_a_draft_is_no_arrival(source: GmailMail, box: Box) -> None:
    box.deliver(mail("draft"), {"INBOX", "DRAFT"})
    assert pulled(source, "INBOX", None)[0] == []


def test_a_label_that_somebody_removes_is_gone(source: GmailMail, box: Box) -> None:
    label = box.label("Support")
    _, cursor = pulled(source, "Support", None)
    del box.names[label]
    again = GmailMail(source.transport._settings)
    with pytest.raises(CollectionGone):
        pulled(again, "Support", cursor)
    again.close()


@pytest.mark.parametrize("target", ["TRASH", "Spam"])
def test_mails_are_never_moved_to_where_gmail_deletes_them(source: GmailMail, box: Box, target: str) -> None:
    lying = box.deliver(mail("a"))
    with pytest.raises(Rejected):
        source.settle("INBOX", [lying.id], After(move_to=target))
    assert lying.labels == {"INBOX", "UNREAD"}


def test_m3_a_mail_that_is_cut_off_is_read_again_later(google: Google, source: GmailMail, box: Box) -> None:
    lying = box.deliver(mail("a"))
    google.faults += [Fault(method="messages.get", cut=True, times=9)]
    with pytest.raises(Unavailable):
        source.raw("INBOX", lying.id)


def test_large_mails_come_alone(google: Google, source: GmailMail, box: Box) -> None:
    for n in range(4):
        box.deliver(mail(f"m{n}", "x" * 3_500_000))
    found, _ = pulled(source, "INBOX", None)
    before = google.outer
    assert [len(raw or b"") > 3_000_000 for _, raw in source.raws("INBOX", ids(found))] == [True] * 4
    assert google.outer - before == 4


def test_a_token_without_mail_says_what_to_allow(google: Google) -> None:
    token = google.give(SUPPORT, scopes={"https://www.googleapis.com/auth/calendar"})
    source = GmailMail(settings(google, secret=token))
    with pytest.raises(NoAccess):
        source.folders()
    source.close()


def test_throttled_in_a_batch(google: Google, source: GmailMail, box: Box) -> None:
    for n in range(3):
        box.deliver(mail(f"m{n}"))
    google.faults.append(Fault(403, "rateLimitExceeded", method="messages.get", inner=True, times=99))
    with pytest.raises(Throttled):
        pulled(source, "INBOX", None)


# ---------------------------------------------------------------- sending


def test_a_large_mail_is_uploaded_as_it_is(google: Google, sender: GmailSender) -> None:
    raw = written("large", sender=SUPPORT, text="0123456789abcdef\n" * 250_000)
    assert sender.send(raw, SUPPORT, [EVA]).remote_id
    assert [one.raw for one in google.gmail.sent] == [raw]
    assert google.asked("messages.send") == 0


@pytest.mark.parametrize(
    "fault", [Fault(method="messages.send", drop=True, after=True), Fault(503, method="messages.send", after=True)]
)
def test_a_mail_whose_fate_is_open_is_found_by_its_id(google: Google, sender: GmailSender, fault: Fault) -> None:
    google.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        sender.send(written("open", sender=SUPPORT), SUPPORT, [EVA])
    assert sender.find_sent("<open@example.org>") is True
    assert len(google.gmail.sent) == 1


@pytest.mark.parametrize("message_id", ["a b@x", 'a"@x', "", "x\n@y"])
def test_an_id_that_could_be_another_search_is_not_searched_for(sender: GmailSender, message_id: str) -> None:
    assert sender.find_sent(message_id) is None


def test_a_refused_mail_is_no_conflict(google: Google, sender: GmailSender) -> None:
    google.faults.append(Fault(400, "invalidArgument", "Invalid To header", domain="global", method="messages.send"))
    with pytest.raises(Rejected) as raised:
        sender.send(written("bad", sender=SUPPORT), SUPPORT, [EVA])
    assert raised.value.server_said


# ---------------------------------------------------------------- scopes


def _scopes(**options: str) -> list[str]:
    base = "https://www.googleapis.com/auth/"
    found = scopes_of(ConnectorSettings("", auth="desktop", options=options))
    return [one.removeprefix(base) for one in found if "userinfo" not in one and one != "openid"]


def test_mail_is_asked_for_where_a_mailbox_uses_the_account_and_only_then() -> None:
    sync = ["contacts", "contacts.other.readonly", "calendar", "tasks"]
    assert _scopes() == _scopes(syncs="yes") == sync
    assert _scopes(syncs="yes", mail="read send") == [*sync, "gmail.modify"]
    assert _scopes(syncs="", mail="read") == ["gmail.modify"]
    assert _scopes(syncs="", mail="send") == ["gmail.send", "gmail.readonly"]
    assert _scopes(syncs="yes", mail="read", use="sync") == sync
    assert _scopes(syncs="yes", mail="read", use="mail") == ["gmail.modify"]


# ---------------------------------------------------------------- testing an account


def _steps(google: Google, **options: str) -> list[Step]:
    return list(probe(settings(google, options=options), lambda told: connect("google_workspace", told)))


def _names(steps: list[Step]) -> list[str]:
    assert all(one.ok for one in steps), steps
    return [one.name for one in steps if one.name in {"mailbox", "read", "mails"}]


def test_each_use_of_an_account_is_tried(google: Google) -> None:
    assert _names(_steps(google)) == ["mailbox", "read"]
    assert _names(_steps(google, mail="read", syncs="yes")) == ["mailbox", "read", "mails"]
    google.requests.clear()
    steps = _steps(google, mail="read send", syncs="")
    assert _names(steps) == ["mails"]
    assert steps[-1].detail.startswith("5 labels: INBOX, SENT")
    assert {one.method for one in google.requests} == {"gmail.users.labels.list"}
    google.faults.append(Fault(403, "insufficientPermissions", domain="global", method="labels.list"))
    assert not _steps(google, mail="read", syncs="")[-1].ok
