"""CreateItem, GetItem, UpdateItem, DeleteItem, MoveItem and SendItem; each item of a batch has its own answer (E18)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from lxml import etree

from tests.servers.microsoft import ews_properties as properties
from tests.servers.microsoft import post
from tests.servers.microsoft.ews_call import Call, Target
from tests.servers.microsoft.ews_mime import Appointment
from tests.servers.microsoft.ews_series import is_master
from tests.servers.microsoft.ews_view import fields_of, item_id, shown
from tests.servers.microsoft.ews_xml import (
    Element,
    Refused,
    every,
    failure,
    find,
    instant,
    local,
    m,
    response,
    success,
    t,
    text,
)
from tests.servers.microsoft.mailbox import CALENDAR, MAIL, TASKS, Fields, Stale
from tests.servers.microsoft.no_mail import could_mail

SILENT = {"SendToNone", "SaveOnly"}
_EVEN_WHEN_REFUSED = {
    **dict.fromkeys(["CreateItem", "GetItem", "UpdateItem", "MoveItem"], ("Items",)),
    **dict.fromkeys(["CreateAttachment", "GetAttachment"], ("Attachments",)),
}
_KINDS = {tag: kind for kind, tag in properties.TAGS.items() if kind != MAIL}


def batch(operation: str, what: Iterable[Element], act: Callable[[Element], Element]) -> Element:
    """Answers one by one; what is refused does not hinder the rest."""

    def one(element: Element) -> Element:
        try:
            return act(element)
        except Refused as why:
            refused = failure(operation, why)
            refused.extend([m(name) for name in _EVEN_WHEN_REFUSED.get(operation, ())])
            return refused

    return response(operation, [one(element) for element in what])


def get_item(call: Call, request: Element) -> Element:
    """Everything that the shape asks for."""
    shape = find(request, "m:ItemShape")
    assert shape is not None
    return batch(
        "GetItem",
        find(request, "m:ItemIds"),  # type: ignore[arg-type]
        lambda key: success("GetItem", m("Items", shown(call, call.target(key), shape))),
    )


def create_item(call: Call, request: Element) -> Element:
    """Answers with ids alone (E12)."""
    saved = find(request, "m:SavedItemFolderId")

    def create(element: Element) -> Element:
        how = request.get("SendMeetingInvitations") or request.get("MessageDisposition") or ""
        if element.find("{*}MimeContent") is not None and local(element) == "Message":
            return _whole_mail(call, element, request.get("MessageDisposition") or "", saved)
        if local(element) not in _KINDS:  # a message, an answer to an invitation
            how = request.get("MessageDisposition") or ""  # the other attribute is for appointments
            _mails(call, "CreateItem", how, "response" if element.find("{*}ReferenceItemId") is not None else "message")
            return success("CreateItem", m("Items"))
        kind = _KINDS[local(element)]
        if kind == CALENDAR and not request.get("SendMeetingInvitations"):
            raise Refused("ErrorSendMeetingInvitationsRequired", "SendMeetingInvitations is required.")
        default = t("DistinguishedFolderId", Id=kind)
        mailbox, folder = call.folder(default if saved is None else saved[0])
        call.writing(mailbox, folder.id)
        if folder.kind != kind:
            raise Refused("ErrorInvalidFolderTypeForOperation", "The folder does not hold such items.")
        fields, extended = properties.read(element)
        uid = etree.fromstring(fields.pop("UID")).text or "" if "UID" in fields else ""
        whole = Appointment(etree.fromstring(fields.pop("MimeContent")).text or "") if "MimeContent" in fields else None
        fields = {**whole.fields, **fields} if whole else fields
        item = mailbox.create(folder.id, fields, uid=uid or (whole.uid if whole else ""), extended=extended)
        if whole:
            whole.fill(item)
        _mails(call, "CreateItem", how, "invitation", Target(mailbox, item))
        return success("CreateItem", m("Items", t(properties.TAGS[kind], item_id(Target(mailbox, item)))))

    items = find(request, "m:Items")
    assert items is not None
    _check(items)
    return batch("CreateItem", items, create)


def _whole_mail(call: Call, element: Element, how: str, saved: Element | None) -> Element:
    """As MIME: to be kept, or to be sent with a copy."""
    try:
        raw = base64.b64decode(text(element, "t:MimeContent"), validate=True)
    except binascii.Error:
        raise Refused("ErrorMimeContentInvalidBase64String", "The MimeContent is no base64.") from None
    call.site.dispositions.append(("CreateItem", how))
    mailbox, folder = call.folder(t("DistinguishedFolderId", Id="drafts") if saved is None else saved[0])
    call.writing(mailbox, folder.id)
    if how == "SaveOnly":
        made = Target(mailbox, post.deliver(mailbox, raw, folder.id, draft=True))
        return success("CreateItem", m("Items", t("Message", item_id(made))))
    if mailbox.address.lower() not in str(post.parsed(raw).get("From", "")).lower():
        raise Refused("ErrorSendAsDenied", "The user account does not have the right to send mail on behalf of it.")
    try:
        copy = post.submit(mailbox, raw)
    except post.NoRecipients:
        raise Refused("ErrorMissingRecipients", "At least one recipient is needed.") from None
    if how == "SendOnly":
        mailbox.delete(copy.id)
    elif folder.well_known != "sentitems":
        mailbox.move(copy.id, folder.id)
    return success("CreateItem", m("Items"))


def update_item(call: Call, request: Element) -> Element:
    """With a change key that counts, or does not (E5)."""
    how = request.get("SendMeetingInvitationsOrCancellations") or ""

    def update(element: Element) -> Element:
        target = call.target(element[0])
        call.writing(target.mailbox, target.item.collection)
        if target.item.kind == CALENDAR and not how:
            raise Refused("ErrorSendMeetingInvitationsOrCancellationsRequired", "The attribute is required.")
        key = _key_that_counts(request.get("ConflictResolution", ""), element[0])
        try:
            _write(target, every(element, "t:Updates/*"), key)
        except Stale:
            raise Refused("ErrorIrresolvableConflict", "The send or update operation could not be performed.") from None
        _mails(call, "UpdateItem", how, "update", target)
        answer = m("Items", t(properties.tag_of(target.item), item_id(target)))
        return success("UpdateItem", answer, m("ConflictResults", t("Count", "0")))

    _check(every(request, "m:ItemChanges/t:ItemChange/t:Updates/*/*"))
    return batch("UpdateItem", every(request, "m:ItemChanges/t:ItemChange"), update)


def _check(items: Iterable[Element]) -> None:
    """The schema comes before the first item is done."""
    for item in items:
        if local(item) in _KINDS:
            properties.check(_KINDS[local(item)], item)


def _key_that_counts(resolution: str, key: Element) -> str | None:
    if resolution == "AlwaysOverwrite":
        return None
    if not key.get("ChangeKey") and local(key) == "ItemId":
        raise Refused("ErrorChangeKeyRequiredForWriteOperations", "The ChangeKey is required for this operation.")
    return key.get("ChangeKey") if resolution == "NeverOverwrite" else None


def _write(target: Target, steps: list[Element], key: str | None) -> None:
    item, before = target.item, fields_of(target)
    if key is not None and key != item.change_key:
        raise Stale(item.change_key)
    fields, extended = dict(before), dict(item.extended)
    properties.change(fields, extended, steps)
    if "UID" in fields:
        raise Refused("ErrorInvalidPropertySet", "Set action is invalid for property calendar:UID.")
    different: Fields = {name: fields.get(name) for name in {*fields, *before} if fields.get(name) != before.get(name)}
    if target.original is not None:
        target.mailbox.change_occurrence(item.id, instant(target.original), different)
        return
    if is_master(item) and {"Recurrence", "Start"} & set(different):  # a new series
        item.exceptions.clear()
        item.cancelled.clear()
    item.extended = extended
    target.mailbox.update(item.id, different, if_key=key)


def delete_item(call: Call, request: Element) -> Element:
    """Without a look at the change key (E5)."""
    how, tasks = request.get("SendMeetingCancellations") or "", request.get("AffectedTaskOccurrences")

    def delete(key: Element) -> Element:
        target = call.target(key)
        call.writing(target.mailbox, target.item.collection)
        if target.item.kind == CALENDAR and not how:
            raise Refused("ErrorSendMeetingCancellationsRequired", "SendMeetingCancellations is required.")
        if target.item.kind == TASKS and not tasks:
            raise Refused("ErrorAffectedTaskOccurrencesRequired", "AffectedTaskOccurrences is required.")
        _delete(target.mailbox, target.item.id, target.original)
        _mails(call, "DeleteItem", how, "cancellation", target)
        return success("DeleteItem")

    keys = find(request, "m:ItemIds")
    assert keys is not None
    return batch("DeleteItem", keys, delete)


def _delete(mailbox: Any, item_id: str, original: datetime | None) -> None:
    if original is None:
        mailbox.delete(item_id)
    else:
        mailbox.cancel_occurrence(item_id, instant(original))


def move_item(call: Call, request: Element) -> Element:
    """Gives another id (E6)."""
    to = find(request, "m:ToFolderId")
    assert to is not None

    def move(key: Element) -> Element:
        target, (_mailbox, folder) = call.target(key), call.folder(to[0])
        call.site.told.setdefault((target.item.collection, target.item.id), set()).add(target.item.folder_id)
        target.mailbox.move(target.item.id, folder.id)
        return success("MoveItem", m("Items", t(properties.tag_of(target.item), item_id(target))))

    keys = find(request, "m:ItemIds")
    assert keys is not None
    return batch("MoveItem", keys, move)


def send_item(call: Call, request: Element) -> Element:
    """Always a mail."""
    _mails(call, "SendItem", "SendOnly", "message")
    return response("SendItem", [success("SendItem")])


def _mails(call: Call, operation: str, how: str, kind: str, target: Target | None = None) -> None:
    """Write down what a request said of mails, and the mail that would go out (R10)."""
    call.site.dispositions.append((operation, how))
    if how in SILENT or not how:
        return
    could_mail(f"{operation} with {how}")
    if target and target.item.kind != CALENDAR:
        return
    fields = target.item.fields if target else {}
    held = [etree.fromstring(fields[name]) for name in ("RequiredAttendees", "OptionalAttendees") if name in fields]
    people = [text(one, "t:Mailbox/t:EmailAddress") for some in held for one in some]
    if people or target is None:
        call.site.exchange.send(call.mailbox.address, people, kind, fields.get("Subject", ""))
