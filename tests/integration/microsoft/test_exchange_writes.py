"""What the connector sends when it writes, and what comes of it (E5, E8, E14, E18; R06, R08, R10, R20)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from sync_engine.errors import OutcomeUnknown, PartlyWritten, Rejected, Throttled, Unavailable, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Contact
from sync_engine.ports import BatchWrites, Broken, Changed, ManySteps, ReadBack, RemoteRef, Write
from tests.contract.connector_contract import event, task, title
from tests.integration.microsoft.exchange_desk import Desk, Trouble, desk_of_ada, refusal
from tests.integration.microsoft.microsoft365_desk import card
from tests.servers.microsoft.ews_xml import Element, every, local

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + b"face" * 20).decode()
OTHER = base64.b64encode(b"\xff\xd8\xff\xe0" + b"mask" * 20).decode()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def with_photo(data: str, more: str = "") -> Item:
    return card(more=f"{more}PHOTO;ENCODING=b;TYPE=JPEG:{data}\r\n")


def photo_of(found: Changed) -> str:
    assert isinstance(found.item.record, Contact)
    return found.item.record.photo.data if found.item.record.photo else ""


def updates(body: Element) -> list[str]:
    """What an UpdateItem says: the verb, and the property."""
    found = []
    for step in every(body, ".//t:Updates/*"):
        uri = step[0]
        name = uri.get("FieldURI") or uri.get("PropertyName") or ""
        found.append(f"{local(step)} {name}{' ' + uri.get('FieldIndex', '') if uri.get('FieldIndex') else ''}")
    return found


def test_it_can_do_what_engines_ask_for(desk: Desk) -> None:
    connector: Any = desk.connector
    assert isinstance(connector, BatchWrites)
    assert isinstance(connector, ManySteps)
    assert isinstance(connector, ReadBack)


# ------------------------------------------------------------ what is sent


def test_r20_one_changed_number_is_all_that_is_sent(desk: Desk) -> None:
    lines = "TEL;TYPE=CELL:+41 79 1\r\nTEL;TYPE=HOME:+41 44 2\r\nNOTE:keep me\r\n"
    before, after = card(more=lines), card(more=lines.replace("79 1", "79 9"))
    ref = desk.connector.create(desk.contacts, before, "key")
    desk.asked()
    new = desk.connector.update(desk.contacts, ref, after, before)
    (body,) = desk.bodies()
    assert updates(body) == ["SetItemField contacts:PhoneNumber MobilePhone"]
    assert body.get("ConflictResolution") == "NeverOverwrite"
    assert body.get("SendMeetingInvitationsOrCancellations") == "SendToNone"
    assert desk.there(desk.contacts, ref.id).ref == new != ref


def test_r20_what_is_gone_is_deleted_alone(desk: Desk) -> None:
    before, after = card(more="TITLE:Countess\r\nEMAIL:ada@x.cz\r\n"), card(more="EMAIL:ada@x.cz\r\n")
    ref = desk.connector.create(desk.contacts, before, "key")
    desk.asked()
    desk.connector.update(desk.contacts, ref, after, before)
    assert updates(desk.bodies()[0]) == ["DeleteItemField contacts:JobTitle"]


def test_what_exchange_has_no_place_for_is_not_sent(desk: Desk) -> None:
    before, after = card(), card(more="X-SHOE-SIZE:38\r\n")
    ref = desk.connector.create(desk.contacts, before, "key")
    desk.asked()
    assert desk.connector.update(desk.contacts, ref, after, before) == ref
    assert desk.asked() == []


def test_an_event_gets_its_uid_and_every_item_our_own_properties(desk: Desk) -> None:
    made = [
        (desk.contacts, card("Ada", "uid-card")),
        (desk.calendar, event("Lunch", "uid-event")),
        (desk.tasks, task("Pay", "uid-task")),
    ]
    for where, item in made:
        ref = desk.connector.create(where, item, f"key-{item.uid}")
        (stored,) = desk.stored(where)
        hidden = {name.rpartition(" ")[2]: value for name, value in stored.extended.items()}
        assert hidden == {"AgendaHubUid": item.uid, "AgendaHubKey": f"key-{item.uid}"}
        found = desk.there(where, ref.id)
        assert (found.known_as, found.item.uid == item.uid) == (item.uid, where == desk.calendar)
        assert found.item.uid == ref.uid
        assert desk.there(where, ref.id).ref == ref


def test_a_kind_that_a_folder_does_not_hold_is_refused(desk: Desk) -> None:
    with pytest.raises(Rejected, match="takes no task"):
        desk.connector.create(desk.calendar, task("t"), "key")


# ------------------------------------------------------------ batches


def test_many_writes_are_one_request_for_each_sort(desk: Desk) -> None:
    where = desk.contacts
    refs = [desk.connector.create(where, card(f"c{n}", f"uid-{n}"), f"key-{n}") for n in range(4)]
    desk.asked()
    writes = [
        Write(refs[0], card("new 0", "uid-0"), card("c0", "uid-0")),
        Write(None, card("c5", "uid-5"), key="key-5"),
        Write(refs[1], None),
        Write(refs[2], card("new 2", "uid-2"), card("c2", "uid-2")),
        Write(None, card("c6", "uid-6"), key="key-6"),
        Write(refs[3], None),
    ]
    answers = list(desk.connector.write(where, writes))
    assert desk.asked() == ["CreateItem", "UpdateItem", "GetItem", "DeleteItem"]
    assert [type(one) for one in answers] == [RemoteRef, RemoteRef, type(None), RemoteRef, RemoteRef, type(None)]
    assert desk.hub(where).titles == ["c5", "c6", "new 0", "new 2"]
    read = {one.ref for one in desk.connector.fetch(where, [a.id for a in answers if a]) if isinstance(one, Changed)}  # type: ignore[union-attr]
    assert read == {one for one in answers if isinstance(one, RemoteRef)}


def test_r09_what_is_refused_in_a_batch_does_not_hinder_the_rest(desk: Desk) -> None:
    where = desk.calendar
    refs = [desk.connector.create(where, event(f"e{n}", f"uid-{n}"), f"key-{n}") for n in range(4)]
    for n in (1, 2):
        (stored,) = [one for one in desk.stored(where) if one.folder_id == refs[n].id]
        desk.ada.touch(stored.id) if n == 1 else desk.ada.delete(stored.id)
    endless = Item.read(event("x", "uid-x").text.replace("DTEND:20260301", "DTEND:20250301"))
    writes = [Write(ref, event(f"new {n}", f"uid-{n}"), event(f"e{n}", f"uid-{n}")) for n, ref in enumerate(refs)]
    answers = list(desk.connector.write(where, [*writes, Write(None, endless, key="x"), Write(refs[2], None)]))
    kinds = [RemoteRef, VersionConflict, VersionConflict, RemoteRef, Rejected, type(None)]
    assert [type(one) for one in answers] == kinds
    assert desk.hub(where).titles == ["e1", "new 0", "new 3"]


def test_one_item_that_spoils_the_request_is_refused_alone(desk: Desk) -> None:
    """A request that does not keep to the schema is refused as a whole."""
    where = desk.contacts
    writes = [Write(None, card(f"c{n}", f"uid-{n}"), key=f"key-{n}") for n in range(3)]
    desk.fail(refusal("CreateItem", "ErrorSchemaValidation"))
    desk.fail(refusal("CreateItem", "ErrorSchemaValidation", skip=1))
    answers = list(desk.connector.write(where, writes))
    assert [type(one) for one in answers] == [RemoteRef, Rejected, RemoteRef]
    assert desk.hub(where).titles == ["c0", "c2"]


@pytest.mark.parametrize("code", ["ErrorInternalServerError", "ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired"])
def test_r06_a_batch_that_fails_as_a_whole_is_not_sent_again(desk: Desk, code: str) -> None:
    desk.fail(refusal("CreateItem", code))
    writes = [Write(None, card(f"c{n}", f"uid-{n}"), key=f"key-{n}") for n in range(3)]
    assert [type(one) for one in desk.connector.write(desk.contacts, writes)] == [OutcomeUnknown] * 3
    assert desk.asked() == ["CreateItem"]


def test_r27_a_busy_server_gets_no_creation_twice(desk: Desk) -> None:
    desk.site.mood.busy, desk.site.mood.back_off = 1, 20
    writes = [Write(None, card(), key="key")]
    with pytest.raises(Throttled) as caught:
        list(desk.connector.write(desk.contacts, writes))
    assert caught.value.retry_after == 0.02
    assert desk.asked() == ["CreateItem"]
    assert desk.stored(desk.contacts) == []


def test_what_was_not_sent_stays_without_an_answer(desk: Desk) -> None:
    where = desk.contacts
    ref = desk.connector.create(where, card("c0", "uid-0"), "key-0")
    desk.fail(Trouble("UpdateItem", 503, headers={"retry-after": "600"}))
    writes = [Write(None, card("c1", "uid-1"), key="key-1"), Write(ref, card("new", "uid-0"), card("c0", "uid-0"))]
    answers, caught = [], None
    try:
        for answer in desk.connector.write(where, writes):
            answers.append(answer)
    except Throttled as err:
        caught = err
    assert [type(one) for one in answers] == [RemoteRef]
    assert caught is not None
    assert caught.retry_after == 600


def test_an_answer_that_is_not_sent_before_one_that_came_is_unknown(desk: Desk) -> None:
    where = desk.contacts
    ref = desk.connector.create(where, card("c0", "uid-0"), "key-0")
    desk.fail(Trouble("UpdateItem", 502))
    writes = [Write(ref, card("new", "uid-0"), card("c0", "uid-0")), Write(None, card("c1", "uid-1"), key="key-1")]
    answers = list(desk.connector.write(where, writes))
    assert [type(one) for one in answers] == [OutcomeUnknown, RemoteRef]


# ------------------------------------------------------------ answers that are lost


@pytest.mark.parametrize(("status", "body"), [(502, b""), (200, b"<html/>"), (200, b"<half"), (500, b"oops")])
def test_r06_a_creation_whose_answer_is_lost_is_found_by_its_key(desk: Desk, status: int, body: bytes) -> None:
    desk.fail(Trouble("CreateItem", status, body, done=True))
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(desk.contacts, card(), "key")
    found = desk.connector.find(desk.contacts, card(), "key")
    assert isinstance(found, Changed)
    assert title(found.item) == "Ada"
    assert len(desk.stored(desk.contacts)) == 1


def test_r06_a_creation_that_takes_too_long_is_not_repeated(desk: Desk) -> None:
    slow = desk.another(timeout=0.5)
    desk.site.mood.commit_then_wait = 1.5
    (answer,) = slow.write(desk.calendar, [Write(None, event("e"), key="key")])
    assert isinstance(answer, OutcomeUnknown)
    assert len(desk.stored(desk.calendar)) == 1
    assert isinstance(desk.connector.find(desk.calendar, event("e"), "key"), Changed)


def test_r06_a_creation_that_never_arrived_is_not_found(desk: Desk) -> None:
    desk.fail(Trouble("CreateItem", 502))
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(desk.contacts, card(), "key")
    assert desk.connector.find(desk.contacts, card(), "key") is None


def test_r37_of_two_with_one_key_the_older_one_is_ours(desk: Desk) -> None:
    ref = desk.connector.create(desk.tasks, task("t", "uid"), "key")
    (ours,) = desk.stored(desk.tasks)
    desk.ada.create(ours.collection, ours.fields, extended=ours.extended)
    found = desk.connector.find(desk.tasks, task("t", "uid"), "key")
    assert isinstance(found, Changed)
    assert found.ref.id == ref.id


def test_r29_keys_that_differ_in_case_are_different_keys(desk: Desk) -> None:
    desk.connector.create(desk.tasks, task("t", "uid"), "key")
    assert desk.connector.find(desk.tasks, task("t", "other"), "KEY") is None


# ------------------------------------------------------------ conditions


def test_r08_a_change_of_what_was_changed_or_deleted_is_a_conflict(desk: Desk) -> None:
    before, after = card("old"), card("new")
    ref = desk.connector.create(desk.contacts, before, "key")
    (stored,) = desk.stored(desk.contacts)
    desk.ada.touch(stored.id)
    for act in (
        lambda: desk.connector.update(desk.contacts, ref, after, before),
        lambda: desk.connector.delete(desk.contacts, ref),
    ):
        with pytest.raises(VersionConflict):
            act()
    desk.ada.delete(stored.id)
    with pytest.raises(VersionConflict):
        desk.connector.update(desk.contacts, ref, after, before)
    desk.connector.delete(desk.contacts, ref)


def test_without_a_version_the_content_decides(desk: Desk) -> None:
    before, after = card("old"), card("new")
    ref = desk.connector.create(desk.contacts, before, "key")
    with pytest.raises(VersionConflict):
        desk.connector.update(desk.contacts, RemoteRef(ref.id), after, card("another"))
    with pytest.raises(VersionConflict):
        desk.connector.update(desk.contacts, RemoteRef(ref.id), after, None)
    with pytest.raises(VersionConflict):
        desk.connector.delete(desk.contacts, RemoteRef(ref.id))
    desk.connector.update(desk.contacts, RemoteRef(ref.id), after, before)
    assert title(desk.there(desk.contacts, ref.id).item) == "new"


def test_what_is_deleted_can_be_got_back(desk: Desk) -> None:
    ref = desk.connector.create(desk.contacts, card(), "key")
    desk.asked()
    desk.connector.delete(desk.contacts, ref)
    _, body = desk.bodies()
    assert (body.get("DeleteType"), body.get("SendMeetingCancellations")) == ("MoveToDeletedItems", "SendToNone")


# ------------------------------------------------------------ pictures


def test_a_picture_is_an_attachment_and_comes_back(desk: Desk) -> None:
    ref = desk.connector.create(desk.contacts, with_photo(JPEG), "key")
    (stored,) = desk.stored(desk.contacts)
    (held,) = stored.fields["_attachments"]
    assert (held["Name"], held["IsContactPhoto"]) == ("ContactPicture.jpg", "true")
    assert not any("Unfinished" in name for name in stored.extended)
    assert photo_of(desk.there(desk.contacts, ref.id)) == JPEG


def test_r20_a_picture_is_sent_only_when_it_changed(desk: Desk) -> None:
    ref = desk.connector.create(desk.contacts, with_photo(JPEG), "key")
    version = desk.there(desk.contacts, ref.id).ref
    desk.asked()
    ref = desk.connector.update(desk.contacts, version, with_photo(JPEG, "TITLE:x\r\n"), with_photo(JPEG))
    assert desk.asked() == ["UpdateItem"]
    desk.connector.update(desk.contacts, ref, with_photo(OTHER, "TITLE:x\r\n"), with_photo(JPEG, "TITLE:x\r\n"))
    assert desk.asked() == ["UpdateItem", "GetItem", "DeleteAttachment", "CreateAttachment", "UpdateItem"]
    assert photo_of(desk.there(desk.contacts, ref.id)) == OTHER


def test_a_picture_can_be_taken_away(desk: Desk) -> None:
    ref = desk.connector.create(desk.contacts, with_photo(JPEG), "key")
    version = desk.there(desk.contacts, ref.id).ref
    desk.connector.update(desk.contacts, version, card(), with_photo(JPEG))
    assert photo_of(desk.there(desk.contacts, ref.id)) == ""


def test_pictures_are_read_together(desk: Desk) -> None:
    for n in range(3):
        photo = with_photo(JPEG).text.replace("card-1", f"uid-{n}")
        desk.connector.create(desk.contacts, Item.read(photo), f"key-{n}")
    desk.asked()
    found = desk.connector.fetch(desk.contacts, [one.folder_id for one in desk.stored(desk.contacts)])
    assert [photo_of(one) for one in found if isinstance(one, Changed)] == [JPEG] * 3
    assert desk.asked() == ["GetItem", "GetAttachment"]


@pytest.mark.parametrize(("code", "passes"), [("ErrorCannotOpenFileAttachment", False), ("ErrorServerBusy", True)])
def test_a_picture_that_is_not_given_out_is_not_taken_for_deleted(desk: Desk, code: str, passes: bool) -> None:
    ref = desk.connector.create(desk.contacts, with_photo(JPEG), "key")
    answer = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
      xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Body><m:GetAttachmentResponse>
      <m:ResponseMessages><m:GetAttachmentResponseMessage ResponseClass="Error"><m:MessageText>no</m:MessageText>
      <m:ResponseCode>{code}</m:ResponseCode><m:Attachments/></m:GetAttachmentResponseMessage></m:ResponseMessages>
      </m:GetAttachmentResponse></s:Body></s:Envelope>"""
    desk.fail(Trouble("GetAttachment", 200, answer.encode(), headers={"content-type": "text/xml"}))
    if passes:
        with pytest.raises(Unavailable):
            desk.there(desk.contacts, ref.id)
    else:
        (found,) = desk.connector.fetch(desk.contacts, [ref.id])
        assert isinstance(found, Broken)
    assert photo_of(desk.there(desk.contacts, ref.id)) == JPEG


def test_r05_a_picture_that_was_not_written_any_more_is_written_later(desk: Desk) -> None:
    item = with_photo(JPEG)
    desk.fail(Trouble("CreateAttachment", 502))
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(desk.contacts, item, "key")
    desk.connector.finish(desk.contacts, None, item, "key")
    (stored,) = desk.stored(desk.contacts)
    assert photo_of(desk.there(desk.contacts, stored.folder_id)) == JPEG
    desk.asked()
    desk.connector.finish(desk.contacts, None, item, "key")
    assert "CreateAttachment" not in desk.asked()


def test_a_picture_that_is_refused_leaves_the_contact(desk: Desk) -> None:
    desk.fail(refusal("CreateAttachment", "ErrorAttachmentSizeLimitExceeded"))
    with pytest.raises(PartlyWritten) as caught:
        desk.connector.create(desk.contacts, with_photo(JPEG), "key")
    assert "AttachmentSizeLimit" in caught.value.server_said
    found = desk.there(desk.contacts, caught.value.remote_id)
    assert (title(found.item), photo_of(found)) == ("Ada", "")


def test_a_write_of_a_server_that_is_not_there_was_not_made(desk: Desk) -> None:
    gone = desk.another(url="http://127.0.0.1:9/EWS/Exchange.asmx")
    with pytest.raises(Unavailable) as caught:
        list(gone.write(desk.contacts, [Write(None, card(), key="key")]))
    assert not isinstance(caught.value, OutcomeUnknown)


def test_r10_every_request_says_that_nobody_is_told(desk: Desk) -> None:
    ref = desk.connector.create(desk.calendar, event("e", "uid"), "key")
    ref = desk.connector.update(desk.calendar, ref, event("f", "uid"), event("e", "uid"))
    desk.connector.delete(desk.calendar, ref)
    told = [(operation, how) for operation, how in desk.site.dispositions]
    assert told == [(one, "SendToNone") for one in ("CreateItem", "UpdateItem", "DeleteItem")]
    assert etree.tostring(desk.bodies()[-1]).count(b"SendToNone") == 1
