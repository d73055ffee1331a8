"""What a service, or what stands between, may answer now and then: nothing may be lost, doubled or held up by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from sync_engine.errors import NoAccess, OutcomeUnknown, Rejected, VersionConflict
from sync_engine.model import Event
from sync_engine.ports import Broken, Changed, RemoteRef, Write
from tests.integration.microsoft.microsoft365_desk import Desk, card, desk_of_ada, event, moved, weekly
from tests.servers.microsoft.graph_protocol import Fault

FACE = "/9j/4CBhIGZhY2U="  # base64 of the beginning of a JPEG
PORTAL = b"<html><title>Please sign in to the network</title></html>"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


# ---------------------------------------------------------------- something in between answers


def test_r06_a_page_instead_of_an_answer_does_not_prove_a_change(desk: Desk) -> None:
    where = desk.contacts()
    base = card()
    ref = desk.connector.create(where, base, "key")
    for write in (Write(ref, card("Bea"), base), Write(ref, None)):
        desk.graph.faults.append(Fault(200, method=r"PATCH" if write.item else "DELETE", page=PORTAL, times=1))
        (answer,) = desk.connector.write(where, [write])
        assert isinstance(answer, OutcomeUnknown)
    assert [one.fields["displayName"] for one in desk.stored(where)] == ["Ada"]


# ---------------------------------------------------------------- a mailbox that is away


@pytest.mark.parametrize("code", ["MailboxNotEnabledForRESTAPI", "ResourceNotFound"])
def test_r01_the_items_of_a_mailbox_without_licence_are_not_gone(desk: Desk, code: str) -> None:
    where = desk.contacts()
    refs = [desk.connector.create(where, card(uid=f"c{n}"), f"k{n}") for n in range(2)]
    for some in (refs, refs[:1]):
        desk.graph.faults.append(Fault(404, code=code, method="GET", path="/contacts/", times=len(some)))
        with pytest.raises(NoAccess):
            list(desk.connector.fetch(where, [ref.id for ref in some]))


# ---------------------------------------------------------------- one item holds up all others


def test_r09_a_duplicate_that_cannot_be_found_is_the_items_own_trouble(desk: Desk) -> None:
    where = desk.calendar()
    desk.graph.faults.append(Fault(409, code="ErrorDuplicateTransactionId", method="POST", path="events$", times=1))
    first, second = desk.connector.write(
        where, [Write(None, event(uid="a"), key="ka"), Write(None, event(uid="b"), key="kb")]
    )
    assert isinstance(first, VersionConflict)
    assert isinstance(second, RemoteRef)
    assert not [path for _, path in desk.asked() if path.endswith("/events/")]  # that would be the list


def test_r09_a_meeting_that_cannot_be_looked_at_holds_up_no_other_write(desk: Desk) -> None:
    where = desk.calendar()
    plain, other = event(), event(uid="other", summary="Other")
    guests = event(ATTENDEE="mailto:eve@example.com", ORGANIZER="mailto:zoe@example.com")
    ref, second = (desk.connector.create(where, one, one.uid) for one in (plain, other))
    desk.graph.faults.append(Fault(500, code="ErrorInternalServerError", method="GET", path="/events/", times=9))
    answers = list(
        desk.connector.write(
            where,
            [
                Write(ref, event("New", ATTENDEE="mailto:eve@example.com", ORGANIZER="mailto:zoe@example.com"), guests),
                Write(second, event(uid="other", summary="Changed"), other),
            ],
        )
    )
    assert isinstance(answers[0], OutcomeUnknown)
    assert isinstance(answers[1], RemoteRef)


def test_r09_an_item_that_may_not_be_written_holds_up_no_other(desk: Desk) -> None:
    """Such as somebody's private appointment in a calendar that is shared with this account."""
    where = desk.calendar()
    base, other = event(), event(uid="other", summary="Other")
    ref, second = (desk.connector.create(where, one, one.uid) for one in (base, other))
    desk.graph.faults.append(
        Fault(
            403,
            code="ErrorAccessDenied",
            method="PATCH",
            path=f"({re.escape(ref.id)}|{quote(ref.id, safe='')})$",
            times=9,
        )
    )
    change = Write(ref, event("New"), base)
    first, answer = desk.connector.write(where, [change, Write(second, event(uid="other", summary="Changed"), other)])
    assert isinstance(first, Rejected)
    assert isinstance(answer, RemoteRef)
    (alone,) = desk.connector.write(where, [change])
    assert isinstance(alone, Rejected)


def test_r24_a_calendar_that_may_not_be_written_stops_its_binding(desk: Desk) -> None:
    where = desk.calendar()
    base = event()
    ref = desk.connector.create(where, base, "key")
    desk.graph.faults.append(Fault(403, code="ErrorAccessDenied", path=f"/calendars/{where[10:14]}", times=99))
    with pytest.raises(NoAccess):
        list(desk.connector.write(where, [Write(ref, event("New"), base)]))


# ---------------------------------------------------------------- half of an item


def test_r01_exceptions_that_come_by_a_link_are_not_taken_for_gone(desk: Desk) -> None:
    where = desk.calendar()
    item = weekly(overrides=(moved("20260323"), moved("20260330"), moved("20260413")))
    ref = desk.connector.create(where, item, "key")
    desk.graph.switches.expanded = 2
    (found,) = desk.connector.fetch(where, [ref.id])
    assert isinstance(found, Changed)
    assert isinstance(found.item.record, Event)
    assert len(found.item.record.overrides) == 3


def test_r01_another_item_than_was_asked_for_is_not_a_deletion(desk: Desk) -> None:
    """Ids of Outlook have several spellings; a server may answer in another one than it was asked in."""
    where = desk.contacts()
    ref = desk.connector.create(where, card(), "key")
    desk.ada.items[ref.id.swapcase()] = desk.ada.items[ref.id]
    (found,) = desk.connector.fetch(where, [ref.id.swapcase()])
    assert isinstance(found, Broken)


@pytest.mark.parametrize("page", [PORTAL, b""])
def test_r01_a_picture_that_is_none_neither_comes_nor_takes_away_what_is_there(desk: Desk, page: bytes) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, card(more=f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\n"), "key")
    desk.graph.faults.append(Fault(200, method="GET", path="/photo/", page=page or b" ", times=1))
    (found,) = desk.connector.fetch(where, [ref.id])
    assert isinstance(found, Broken)
