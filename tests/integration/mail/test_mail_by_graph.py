"""Mail of Microsoft 365, where the contract says nothing: what Graph does in between, and what people do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from connectors.mail import After, Arrival, Sent
from connectors.microsoft365.mail import Microsoft365Mail
from connectors.microsoft365.mail_sending import Microsoft365Sender
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
from tests.contract.mail_source_world import mail
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.graph_protocol import Fault
from tests.servers.microsoft.mailbox import MAIL, Exchange, Item, Mailbox
from tests.servers.microsoft.no_mail import answers_meant
from tests.servers.microsoft.post import deliver
from tests.servers.microsoft.serving import serving

ADA, BOB, EVA = "ada@example.com", "bob@example.com", "eva@customer.example"
THEN = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Desk:
    """Ada's mailbox, and both ways of mail."""

    graph: Graph
    ada: Mailbox
    source: Microsoft365Mail
    sender: Microsoft365Sender
    cursor: str | None = None
    at: datetime = field(default=THEN)

    def came(self, *names: str, folder: str = "inbox") -> list[Item]:
        """Mails arrive, one each minute."""
        made = []
        for name in names:
            self.at += timedelta(minutes=1)
            made.append(deliver(self.ada, mail(name), folder, self.at))
        return made

    def pull(self, folder: str = "INBOX", most: int = 1000) -> list[Arrival]:
        """At most so many pages."""
        found: list[Arrival] = []
        for _, page in zip(range(most), self.source.arrivals(folder, self.cursor), strict=False):
            found += page.arrivals
            self.cursor = page.cursor
        return found

    def fail(self, fault: Fault) -> None:
        self.graph.faults.append(fault)

    def lying(self, folder: str) -> list[Item]:
        return list(self.ada.in_collection(folder))


def content_of(one: Item) -> str:
    """A pattern of the path, with whatever is quoted in it."""
    return rf"/{one.id.rstrip('=')}[^/]*/\$value"


@pytest.fixture
def desk() -> Iterator[Desk]:
    exchange = Exchange()
    ada = exchange.add_mailbox(ADA, "Ada")
    exchange.add_mailbox(BOB, "Bob")
    graph = Graph(exchange)
    with serving(graph.app()) as graph.url:
        settings = ConnectorSettings(f"{graph.url}/v1.0", secret=graph.sign_in.give(ADA), auth="bearer", max_wait=1.5)
        made = Desk(graph, ada, Microsoft365Mail(settings, page=2), Microsoft365Sender(settings))
        yield made
        made.source.close()
        made.sender.close()


# ---------------------------------------------------------------- what came


def test_an_old_mail_that_comes_while_a_first_listing_is_interrupted_is_told(desk: Desk) -> None:
    first = [one.id for one in desk.came("a", "b", "c", "d", "e")]
    elsewhere = deliver(desk.ada, mail("old"), "junkemail", THEN - timedelta(days=1))
    assert [one.id for one in desk.pull(most=1)] == first[:2]
    desk.ada.move(elsewhere.id, "inbox")
    rest = [one.id for one in desk.pull()]
    assert rest[:3] == first[2:]
    assert elsewhere.id in rest
    assert desk.pull() == []


def test_a_round_that_breaks_off_is_told_again(desk: Desk) -> None:
    desk.pull()
    ids = [one.id for one in desk.came("a", "b", "c")]
    assert [one.id for one in desk.pull(most=1)] == ids[:2]
    assert [one.id for one in desk.pull()] == ids


def test_a_folder_of_the_same_name_is_another_folder(desk: Desk) -> None:
    folder = desk.ada.add_collection(MAIL, "Support")
    desk.pull("Support")
    desk.ada.remove_collection(folder.id)
    desk.ada.add_collection(MAIL, "Support")
    desk.came("new", folder=desk.ada.of_kind(MAIL)[-1].id)
    with pytest.raises(Exception, match="no mail folder"):
        desk.pull("Support")  # its id is still known
    with pytest.raises(CursorExpired):
        desk.pull("Support")
    desk.cursor = None
    assert len(desk.pull("Support")) == 1


def test_folders_are_found_by_path_by_id_and_in_whatever_case(desk: Desk) -> None:
    inner = desk.ada.add_collection(MAIL, "Žádosti", desk.ada.add_collection(MAIL, "Support").id)
    desk.came("deep", folder=inner.id)
    inner.name = "Žádosti " * 20
    for name in (f"Support/{inner.name}", f"support/{inner.name.lower()}", inner.id):
        desk.cursor = None
        assert len(desk.pull(name)) == 1, name
    assert {"INBOX", "Support", f"Support/{inner.name}", "Sent Items"} <= {one.id for one in desk.source.folders()}


def test_nothing_new_keeps_the_cursor_as_it_is(desk: Desk) -> None:
    desk.came("a")
    desk.pull()
    before = desk.cursor
    assert desk.pull() == []
    assert desk.cursor == before


# ---------------------------------------------------------------- mails


def test_a_mail_that_the_server_cannot_give_is_rejected_and_the_others_come(desk: Desk) -> None:
    good, bad, last = desk.came("good", "bad", "last")
    desk.fail(Fault(500, "ErrorMimeContentConversionFailed", path=content_of(bad), times=99))
    found = desk.source.raws("INBOX", [good.id, bad.id, last.id])
    assert next(found) == (good.id, good.mime)
    with pytest.raises(Rejected):
        next(found)
    assert desk.source.raw("INBOX", last.id) == last.mime


def test_a_server_that_fails_at_everything_is_unavailable(desk: Desk) -> None:
    (one,) = desk.came("one")
    desk.pull()
    desk.fail(Fault(500, "InternalServerError", times=99))
    with pytest.raises(Unavailable):
        desk.source.raw("INBOX", one.id)


def test_a_page_of_a_portal_is_no_mail(desk: Desk) -> None:
    (one,) = desk.came("one")
    desk.pull()
    desk.fail(Fault(200, path=r"\$value", page=b"<html>Please sign in to the network.</html>"))
    with pytest.raises(SuspectListing):
        desk.source.raw("INBOX", one.id)


def test_what_is_throttled_in_a_batch_is_asked_again(desk: Desk) -> None:
    made = desk.came("a", "b", "c")
    ids = [one.id for one in made]
    desk.fail(Fault(429, headers={"Retry-After": "1"}, path=content_of(made[1]), inner=True))
    assert [raw for _, raw in desk.source.raws("INBOX", ids)] == [one.mime for one in made]
    assert desk.graph.faults == []


def test_large_mails_go_alone(desk: Desk) -> None:
    large = deliver(desk.ada, mail("large", "x" * 5_000_000), at=THEN)
    small = desk.came("a", "b")
    arrivals = desk.pull()
    desk.graph.requests.clear()
    before = desk.graph.outer
    raws = list(desk.source.raws("INBOX", [one.id for one in arrivals]))
    assert [raw for _, raw in raws] == [large.mime, *[one.mime for one in small]]
    assert desk.graph.outer - before == 1
    huge = [deliver(desk.ada, mail(f"huge{n}", "x" * 4_000_000), at=THEN) for n in range(2)]
    before = desk.graph.outer
    desk.pull()
    assert len(list(desk.source.raws("INBOX", [one.id for one in huge]))) == 2
    assert desk.graph.outer - before == 3


# ---------------------------------------------------------------- afterwards


def test_what_was_listed_is_marked_without_a_look(desk: Desk) -> None:
    ids = [one.id for one in desk.came(*"abcde")]
    desk.pull()
    desk.graph.requests.clear()
    desk.source.settle("INBOX", ids, After(keyword="AgendaHub"))
    assert [method for method, _ in desk.graph.requests] == ["PATCH"] * 5


@pytest.mark.parametrize("listed", ["before", "after", ""])
def test_categories_that_people_gave_stay(desk: Desk, listed: str) -> None:
    (one,) = desk.came("a")
    if listed == "before":
        desk.pull()
    desk.ada.update(one.id, {"categories": ["Urgent"]})
    if listed == "after":
        desk.pull()
    for _ in range(2):
        desk.source.settle("INBOX", [one.id], After(keyword="AgendaHub"))
    assert one.fields["categories"] == ["Urgent", "AgendaHub"]
    desk.source.settle("INBOX", [one.id], After(keyword="agendahub"))
    assert one.fields["categories"] == ["Urgent", "AgendaHub"]


def test_who_changes_a_mail_at_the_same_time_loses_nothing(desk: Desk) -> None:
    (one,) = desk.came("a")
    desk.fail(Fault(412, "ErrorIrresolvableConflict", method="PATCH"))
    desk.source.settle("INBOX", [one.id], After(keyword="AgendaHub"))
    assert one.fields["categories"] == ["AgendaHub"]
    desk.fail(Fault(412, "ErrorIrresolvableConflict", method="PATCH", times=3))
    with pytest.raises(VersionConflict):
        desk.source.settle("INBOX", [one.id], After(seen=True))


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("marked", [True, False])
def test_a_mail_that_somebody_moved_is_left_where_it_is(desk: Desk, listed: bool, marked: bool) -> None:
    one, other = desk.came("a", "b")
    if marked:
        desk.ada.update(one.id, {"isRead": True, "categories": ["AgendaHub"]})
    if listed:
        desk.pull()
    desk.ada.move(one.id, "junkemail")
    desk.source.settle("INBOX", [one.id, other.id], After(seen=True, keyword="AgendaHub", move_to="Drafts"))
    assert desk.lying("junkemail") == [one]
    assert one.fields["categories"] == (["AgendaHub"] if marked else [])
    assert desk.lying("drafts") == [other]


def test_a_move_whose_answer_is_lost_can_be_said_again(desk: Desk) -> None:
    one, other = desk.came("a", "b")
    desk.fail(Fault(503, "ServiceUnavailable", path="/move", inner=True))
    with pytest.raises(OutcomeUnknown):
        desk.source.settle("INBOX", [one.id, other.id], After(move_to="Junk Email"))
    desk.source.settle("INBOX", [one.id, other.id], After(move_to="Junk Email"))
    assert {item.id for item in desk.lying("junkemail")} == {one.id, other.id}
    assert desk.lying("inbox") == []


# ---------------------------------------------------------------- what goes out


def large(*sizes: int) -> bytes:
    made = message_from_bytes(written("large", sender=ADA), policy=SMTP)
    assert isinstance(made, EmailMessage)
    for number, size in enumerate(sizes):
        made.add_attachment(bytes([number]) * size, maintype="application", subtype="pdf", filename=f"{number}.pdf")
    return made.as_bytes()


def files(raw: bytes) -> dict[str, int]:
    found: Any = message_from_bytes(raw, policy=SMTP)
    return {one.get_filename(): len(one.get_content()) for one in found.iter_attachments()}


@pytest.mark.mails
def test_g23_a_large_mail_goes_out_in_pieces_once(desk: Desk) -> None:
    sizes = (100, 7_000_000, 2_500_000)
    with answers_meant() as sent:
        assert desk.sender.send(large(*sizes), ADA, [EVA, BOB]).sent is Sent.ACCEPTED
    assert len([one for one in sent if one.startswith("message ")]) == 1
    (gone,) = desk.graph.server.outbox
    assert gone.recipients == [EVA, BOB]
    assert files(gone.raw) == {f"{n}.pdf": size for n, size in enumerate(sizes)}
    (copy,) = desk.lying("sentitems")
    assert (copy.mime, desk.lying("drafts")) == (gone.raw, [])
    assert desk.sender.find_sent("large@example.org") is True


@pytest.mark.parametrize("path", ["createUploadSession", "/uploads/", "/attachments$"])
def test_a_large_mail_that_breaks_off_was_not_sent_and_leaves_nothing(desk: Desk, path: str) -> None:
    desk.fail(Fault(500, "InternalServerError", path=path))
    with pytest.raises(Unavailable) as raised:
        desk.sender.send(large(7_000_000, 2_800_000), ADA, [EVA])
    assert not isinstance(raised.value, OutcomeUnknown)
    assert (desk.graph.server.outbox, desk.lying("drafts")) == ([], [])
    assert desk.sender.find_sent("large@example.org") is False


@pytest.mark.mails
def test_a_large_mail_whose_last_answer_is_lost_may_have_gone_out(desk: Desk) -> None:
    desk.fail(Fault(502, "BadGateway", path="/send$"))
    with pytest.raises(OutcomeUnknown):
        desk.sender.send(large(4_000_000), ADA, [EVA])
    assert desk.sender.find_sent("large@example.org") is None  # a draft is there, which somebody may send


@pytest.mark.mails
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(400, "ErrorInvalidRecipients"), Rejected),
        (Fault(413, "ErrorMessageSizeExceeded"), Rejected),
        (Fault(403, "ErrorSendAsDenied"), NoAccess),
        (Fault(403, "ErrorAccessDenied"), NoAccess),
        (Fault(400, "ErrorExceededMessageLimit"), Throttled),
        (Fault(404, "ErrorItemNotFound"), Rejected),
        (Fault(500, "InternalServerError"), OutcomeUnknown),
        (Fault(503, "ServiceUnavailable", {"Retry-After": "1"}), OutcomeUnknown),
        (Fault(504, "GatewayTimeout"), OutcomeUnknown),
        (Fault(200, page=b"<html>Please sign in to the network.</html>"), OutcomeUnknown),
    ],
)
def test_what_is_said_of_a_mail_is_understood(desk: Desk, fault: Fault, error: type[Exception]) -> None:
    desk.fail(fault)
    with pytest.raises(error) as raised:
        desk.sender.send(written("x", sender=ADA), ADA, [EVA])
    assert type(raised.value) is error
    assert desk.graph.server.outbox == []


def test_a_mail_to_somebody_who_is_not_meant_is_not_sent(desk: Desk) -> None:
    with pytest.raises(Rejected, match=r"otto@customer\.example"):
        desk.sender.send(written("x", sender=ADA, to=[EVA, "Otto@customer.example"]), ADA, [EVA])
    assert desk.graph.outer == 0


@pytest.mark.mails
def test_nobody_sees_the_hidden_recipients(desk: Desk) -> None:
    desk.sender.send(written("x", sender=ADA, to=[EVA]), ADA, [EVA, BOB])
    (copy,) = desk.graph.server.mailbox(BOB).in_collection("inbox")
    assert b"bcc" not in copy.mime.lower()
    assert copy.mime == written("x", sender=ADA, to=[EVA])


def test_r10_only_whole_mails_are_meant(desk: Desk) -> None:
    with answers_meant() as sent:
        desk.sender.send(written("x", sender=ADA), ADA, [EVA])
    assert sent
