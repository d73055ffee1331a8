"""All that the server knows of an item, as elements by name: what was written, and what it works out itself."""

from __future__ import annotations

import base64
from datetime import datetime

from lxml import etree

from tests.servers.microsoft import ews_series as series
from tests.servers.microsoft.ews_call import Call, Target
from tests.servers.microsoft.ews_mime import mime
from tests.servers.microsoft.ews_properties import CLASSES, compose
from tests.servers.microsoft.ews_xml import Element, every, instant, moment, t, text
from tests.servers.microsoft.mailbox import CALENDAR, CONTACTS, MAIL, TASKS, Fields, Item

_BOOLEAN = {
    "IsRead",
    "IsAllDayEvent",
    "ReminderIsSet",
    "IsResponseRequested",
    "AllowNewTimeProposal",
    "IsOnlineMeeting",
}
ATTACHMENTS = "_attachments"  # in Item.fields: a list of dicts with Id, Name, ContentType, IsContactPhoto, Content
_TIMES = ("Start", "End", "Birthday", "WeddingAnniversary", "DueDate", "StartDate", "CompleteDate", "ReminderDueBy")
_GUESTS = ("RequiredAttendees", "OptionalAttendees", "Resources")


def shown(call: Call, target: Target, shape: Element, *, summary: bool = False) -> Element:
    """The element for an answer."""
    known = everything(target)
    asked = {uri.get("FieldURI") for uri in every(shape, "t:AdditionalProperties/t:FieldURI")}
    whole = text(shape, "t:IncludeMimeContent") == "true" or "item:MimeContent" in asked
    if target.item.kind == CALENDAR and not summary and whole:
        known["MimeContent"] = mime(target.item, known)
    if target.item.kind == MAIL and not summary and whole and target.item.mime:
        known["MimeContent"] = t("MimeContent", base64.b64encode(target.item.mime).decode(), CharacterSet="UTF-8")
    return compose(target.item, known, shape, summary=summary, sparse=call.site.mood.sparse)


def item_id(target: Target) -> Element:
    """<t:ItemId> with the change key of now."""
    item = target.item
    key = series.occurrence_id(item, target.original) if target.original else item.folder_id
    return t("ItemId", Id=key, ChangeKey=item.change_key)


def fields_of(target: Target) -> Fields:
    """What was written, of an occurrence with what it has of its master."""
    if target.original is None:
        return target.item.fields
    start, end = series.bounds_of(target.item, target.original)
    own = target.item.exceptions.get(instant(target.original), {})
    times = {"Start": etree.tostring(t("Start", start), encoding="unicode")}
    times["End"] = etree.tostring(t("End", end), encoding="unicode")
    found = {**{n: v for n, v in target.item.fields.items() if n != "Recurrence"}, **own, **times}
    return {name: value for name, value in found.items() if value is not None}  # None: taken from this one alone


def everything(target: Target) -> dict[str, Element]:
    """By name; the order and the choice are the shape's."""
    item, fields = target.item, fields_of(target)
    known = _common(target, fields)
    known |= {CONTACTS: _of_contact, CALENDAR: _of_event, TASKS: _of_task, MAIL: _of_mail}[item.kind](target, fields)
    known |= {name: etree.fromstring(xml) for name, xml in fields.items() if not name.startswith("_")}
    known["ItemId"] = item_id(target)
    if item.kind == CALENDAR and "Recurrence" in known:
        known["Recurrence"] = series.recurrence_told(item)
    for name in _BOOLEAN & set(known):  # "1" is "true" to a schema, and Exchange says "true"
        known[name] = t(name, boolean(known[name].text or ""))
    for name in _TIMES:  # whatever offset was sent, answers are in UTC (E11), without parts of seconds
        if name in known:
            known[name] = t(name, instant(moment(known[name].text or "")))
    return known


def _common(target: Target, fields: Fields) -> dict[str, Element]:
    item, attachments = target.item, fields.get(ATTACHMENTS, [])
    made = {
        "ParentFolderId": t("ParentFolderId", Id=item.collection, ChangeKey="AQAAAA=="),
        "ItemClass": t("ItemClass", CLASSES[item.kind]),
        "Sensitivity": t("Sensitivity", "Normal"),
        "Importance": t("Importance", "Normal"),
        "IsDraft": t("IsDraft", "false"),
        "DateTimeCreated": t("DateTimeCreated", instant(item.created)),
        "LastModifiedTime": t("LastModifiedTime", instant(item.modified)),
        "HasAttachments": t("HasAttachments", "true" if attachments else "false"),
        "ReminderIsSet": t("ReminderIsSet", "false"),
    }
    if attachments:
        made["Attachments"] = t("Attachments", *[attachment_element(held) for held in attachments])
    return made


def boolean(words: str) -> str:
    """As Exchange spells it."""
    return "true" if words in {"1", "true"} else "false"


def attachment_element(held: dict[str, str], *, content: bool = False) -> Element:
    """<t:FileAttachment>."""
    made = t("FileAttachment", t("AttachmentId", Id=held["Id"]), t("Name", held["Name"]))
    made.append(t("ContentType", held["ContentType"]))
    if not content:
        made.append(t("Size", str(len(base64.b64decode(held["Content"])))))
    made.append(t("IsInline", "false"))
    made.append(t("IsContactPhoto", held["IsContactPhoto"]))
    if content:
        made.append(t("Content", held["Content"]))
    return made


def _of_contact(target: Target, fields: Fields) -> dict[str, Element]:
    photo = any(held["IsContactPhoto"] == "true" for held in fields.get(ATTACHMENTS, []))
    return {"HasPicture": t("HasPicture", "true" if photo else "false")}


def _of_event(target: Target, fields: Fields) -> dict[str, Element]:
    item, master = target.item, series.is_master(target.item)
    meeting = any(name in fields for name in _GUESTS)
    owner = t("Mailbox", t("Name", target.mailbox.name), t("EmailAddress", target.mailbox.address))
    made = {
        "UID": t("UID", item.uid),
        "IsAllDayEvent": t("IsAllDayEvent", "false"),
        "LegacyFreeBusyStatus": t("LegacyFreeBusyStatus", "Busy"),
        "IsMeeting": t("IsMeeting", "true" if meeting else "false"),
        "IsCancelled": t("IsCancelled", "false"),
        "IsRecurring": t("IsRecurring", "true" if master and target.original else "false"),
        "MyResponseType": t("MyResponseType", "Organizer" if meeting else "Unknown"),
        "Organizer": t("Organizer", owner),
        "CalendarItemType": t("CalendarItemType", _type(item, target.original)),
    }
    if target.original:
        made["RecurrenceId"] = t("RecurrenceId", instant(target.original))
        made["OriginalStart"] = t("OriginalStart", instant(target.original))
    elif master:
        made |= series.about_series(item)
    return made


def _type(item: Item, original: datetime | None) -> str:
    if original is None:
        return "RecurringMaster" if series.is_master(item) else "Single"
    return "Exception" if instant(original) in item.exceptions else "Occurrence"


def _of_mail(target: Target, fields: Fields) -> dict[str, Element]:
    return {"IsRead": t("IsRead", "false")}


def _of_task(target: Target, fields: Fields) -> dict[str, Element]:
    done = "Completed" in fields.get("Status", "")
    return {
        "IsComplete": t("IsComplete", "true" if done else "false"),
        "IsRecurring": t("IsRecurring", "true" if "Recurrence" in fields else "false"),
        "PercentComplete": t("PercentComplete", "100" if done else "0"),
        "Status": t("Status", "NotStarted"),
        "Owner": t("Owner", target.mailbox.name),
    }
