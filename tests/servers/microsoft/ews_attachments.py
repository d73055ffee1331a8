"""CreateAttachment, GetAttachment, DeleteAttachment and GetUserPhoto; a contact's photo is an attachment (E14)."""

from __future__ import annotations

import base64

from tests.servers.microsoft.ews_call import Call, Target
from tests.servers.microsoft.ews_items import batch
from tests.servers.microsoft.ews_view import ATTACHMENTS, attachment_element, boolean
from tests.servers.microsoft.ews_xml import Element, Refused, find, m, success, t, text


def create_attachment(call: Call, request: Element) -> Element:
    """The parent gets a new change key: RootItemChangeKey."""
    parent = find(request, "m:ParentItemId")
    files = find(request, "m:Attachments")
    assert parent is not None
    assert files is not None

    def create(element: Element) -> Element:
        target = call.target(parent)
        call.writing(target.mailbox, target.item.collection)
        held = {
            "Id": f"ATT{call.site.exchange.number():06d}|{target.item.id}",
            "Name": text(element, "t:Name"),
            "ContentType": text(element, "t:ContentType") or "application/octet-stream",
            "IsContactPhoto": boolean(text(element, "t:IsContactPhoto")),
            "Content": text(element, "t:Content"),
        }
        photo = held["IsContactPhoto"] == "true"
        kept = [a for a in target.item.fields.get(ATTACHMENTS, []) if not (photo and a["IsContactPhoto"] == "true")]
        _keep(target, [*kept, held])
        root = {"RootItemId": target.item.folder_id, "RootItemChangeKey": target.item.change_key}
        answer = t("FileAttachment", t("AttachmentId", Id=held["Id"], **root))
        return success("CreateAttachment", m("Attachments", answer))

    return batch("CreateAttachment", files, create)


def get_attachment(call: Call, request: Element) -> Element:
    """With its content."""
    keys = find(request, "m:AttachmentIds")
    assert keys is not None

    def get(key: Element) -> Element:
        _target, held = _held(call, key)
        return success("GetAttachment", m("Attachments", attachment_element(held, content=True)))

    return batch("GetAttachment", keys, get)


def delete_attachment(call: Call, request: Element) -> Element:
    """The parent gets a new change key here too."""
    keys = find(request, "m:AttachmentIds")
    assert keys is not None

    def delete(key: Element) -> Element:
        target, held = _held(call, key)
        call.writing(target.mailbox, target.item.collection)
        _keep(target, [one for one in target.item.fields[ATTACHMENTS] if one["Id"] != held["Id"]])
        root = {"RootItemId": target.item.folder_id, "RootItemChangeKey": target.item.change_key}
        return success("DeleteAttachment", m("RootItemId", **root))

    return batch("DeleteAttachment", keys, delete)


def get_user_photo(call: Call, request: Element) -> Element:
    """Of a person in the address book; the answer is no batch."""
    photo = call.site.photos.get(text(request, "m:Email").lower())
    answer = m("GetUserPhotoResponse", ResponseClass="Error" if photo is None else "Success")
    if photo is None:
        answer.append(m("MessageText", "There is no photo stored here."))
    answer.append(m("ResponseCode", "NoError" if photo is not None else "ErrorItemNotFound"))
    answer.append(m("HasChanged", "false" if photo is None else "true"))
    if photo is not None:
        answer.append(m("PictureData", base64.b64encode(photo).decode()))
        answer.append(m("ContentType", "image/jpeg"))
    return answer


def _keep(target: Target, attachments: list[dict[str, str]]) -> None:
    photos = [one for one in attachments if one["IsContactPhoto"] == "true"]
    target.item.photo = base64.b64decode(photos[0]["Content"]) if photos else None
    target.mailbox.update(target.item.id, {ATTACHMENTS: attachments or None})


def _held(call: Call, key: Element) -> tuple[Target, dict[str, str]]:
    name = key.get("Id", "")
    for mailbox in call.mailboxes():
        item = mailbox.items.get(name.partition("|")[2])
        for held in item.fields.get(ATTACHMENTS, []) if item else []:
            if held["Id"] == name:
                assert item is not None
                return Target(mailbox, item), held
    raise Refused("ErrorItemNotFound", "The attachment was not found in the store.")
