"""Items as elements: which properties there are in which order, how a request names them, what a shape leaves out.

`Item.fields` of the EWS front has the names of EWS, and XML as the value: what a client wrote is what it reads.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping

from lxml import etree

from tests.servers.microsoft import ews_mapi
from tests.servers.microsoft.ews_xml import Element, Fault, Refused, every, find, local, stored, t, text
from tests.servers.microsoft.mailbox import CALENDAR, CONTACTS, MAIL, TASKS, Fields, Item

_ITEM = [
    "MimeContent",
    "ItemId",
    "ParentFolderId",
    "ItemClass",
    "Subject",
    "Sensitivity",
    "Body",
    "Attachments",
    "DateTimeReceived",
    "Size",
    "Categories",
    "Importance",
    "IsDraft",
    "DateTimeSent",
    "DateTimeCreated",
    "ReminderDueBy",
    "ReminderIsSet",
    "ReminderNextTime",
    "ReminderMinutesBeforeStart",
    "DisplayCc",
    "DisplayTo",
    "HasAttachments",
    "ExtendedProperty",
    "Culture",
    "LastModifiedName",
    "LastModifiedTime",
]
_CONTACT = [
    "FileAs",
    "FileAsMapping",
    "DisplayName",
    "GivenName",
    "Initials",
    "MiddleName",
    "Nickname",
    "CompleteName",
    "CompanyName",
    "EmailAddresses",
    "PhysicalAddresses",
    "PhoneNumbers",
    "AssistantName",
    "Birthday",
    "BusinessHomePage",
    "Children",
    "Companies",
    "ContactSource",
    "Department",
    "Generation",
    "ImAddresses",
    "JobTitle",
    "Manager",
    "Mileage",
    "OfficeLocation",
    "PostalAddressIndex",
    "Profession",
    "SpouseName",
    "Surname",
    "WeddingAnniversary",
    "HasPicture",
    "PhoneticFullName",
    "PhoneticFirstName",
    "PhoneticLastName",
    "Alias",
    "Notes",
]
_EVENT = [
    "UID",
    "RecurrenceId",
    "DateTimeStamp",
    "Start",
    "End",
    "OriginalStart",
    "IsAllDayEvent",
    "LegacyFreeBusyStatus",
    "Location",
    "When",
    "IsMeeting",
    "IsCancelled",
    "IsRecurring",
    "MeetingRequestWasSent",
    "IsResponseRequested",
    "CalendarItemType",
    "MyResponseType",
    "Organizer",
    "RequiredAttendees",
    "OptionalAttendees",
    "Resources",
    "Duration",
    "TimeZone",
    "AppointmentReplyTime",
    "AppointmentSequenceNumber",
    "AppointmentState",
    "Recurrence",
    "FirstOccurrence",
    "LastOccurrence",
    "ModifiedOccurrences",
    "DeletedOccurrences",
    "MeetingTimeZone",
    "StartTimeZone",
    "EndTimeZone",
    "ConferenceType",
    "AllowNewTimeProposal",
    "IsOnlineMeeting",
    "MeetingWorkspaceUrl",
    "NetShowUrl",
]
_TASK = [
    "ActualWork",
    "AssignedTime",
    "BillingInformation",
    "ChangeCount",
    "Companies",
    "CompleteDate",
    "Contacts",
    "DelegationState",
    "Delegator",
    "DueDate",
    "IsComplete",
    "IsRecurring",
    "IsTeamTask",
    "Mileage",
    "Owner",
    "PercentComplete",
    "Recurrence",
    "StartDate",
    "Status",
    "StatusDescription",
    "TotalWork",
]
ORDER = {
    CONTACTS: _ITEM + _CONTACT,
    CALENDAR: _ITEM + _EVENT,
    TASKS: _ITEM + _TASK,
    MAIL: [*_ITEM, "ToRecipients", "CcRecipients", "BccRecipients", "From", "InternetMessageId", "IsRead"],
}
TAGS = {CONTACTS: "Contact", CALENDAR: "CalendarItem", TASKS: "Task", MAIL: "Message"}
TAG = "_Tag"  # in Item.fields: what a mail is called, where that is not Message
CLASSES = {CONTACTS: "IPM.Contact", CALENDAR: "IPM.Appointment", TASKS: "IPM.Task", MAIL: "IPM.Note"}
# Not in the answers of FindItem and SyncFolderItems, whatever is asked for (MS-OXWSCDATA, summary properties).
SUMMARY_LACKS = frozenset(
    [
        "Body",
        "Attachments",
        "RequiredAttendees",
        "OptionalAttendees",
        "Resources",
        "Recurrence",
        "FirstOccurrence",
        "LastOccurrence",
        "ModifiedOccurrences",
        "DeletedOccurrences",
        "MeetingTimeZone",
        "StartTimeZone",
        "EndTimeZone",
    ]
)
_BASIC = frozenset(
    ["ItemId", "Subject", "Start", "End", "Location", "DisplayName", "CompanyName", "Status", "DueDate", "FileAs"]
)
_INDEXED = {
    "EmailAddress": "EmailAddresses",
    "PhoneNumber": "PhoneNumbers",
    "ImAddress": "ImAddresses",
    "PhysicalAddress": "PhysicalAddresses",
}
_KEYS = {
    "EmailAddresses": frozenset(f"EmailAddress{n}" for n in (1, 2, 3)),
    "ImAddresses": frozenset(f"ImAddress{n}" for n in (1, 2, 3)),
    "PhysicalAddresses": frozenset({"Business", "Home", "Other"}),
    "PhoneNumbers": frozenset(
        [
            "AssistantPhone",
            "BusinessFax",
            "BusinessPhone",
            "BusinessPhone2",
            "Callback",
            "CarPhone",
            "CompanyMainPhone",
            "HomeFax",
            "HomePhone",
            "HomePhone2",
            "Isdn",
            "MobilePhone",
            "OtherFax",
            "OtherTelephone",
            "Pager",
            "PrimaryPhone",
            "RadioPhone",
            "Telex",
            "TtyTddPhone",
        ]
    ),
}


def check(kind: str, element: Element) -> None:
    """Refuse what the schema would: a property or a key that is not there (E13)."""
    for child in element:
        name = local(child)
        if name not in ORDER[kind]:
            raise Fault("ErrorSchemaValidation", f"The element '{name}' is not valid here.")
        for entry in child if name in _KEYS else ():
            if entry.get("Key") not in _KEYS[name]:
                raise Fault("ErrorSchemaValidation", f"The 'Key' attribute '{entry.get('Key')}' is invalid.")


def read(element: Element) -> tuple[Fields, dict[str, str]]:
    """What an item in a request says: properties as XML, and extended properties."""
    fields = {local(child): stored(child) for child in element if local(child) != "ExtendedProperty"}
    extended = dict(extended_pair(child) for child in every(element, "t:ExtendedProperty"))
    for key in [key for key in extended if ews_mapi.known(key)]:
        ews_mapi.write(fields, key, extended.pop(key))
    return fields, extended


def extended_key(uri: Element) -> str:
    """An ExtendedFieldURI in one line; names are case-sensitive, sets are not."""
    kind, get = uri.get("PropertyType", ""), uri.get
    if get("PropertyTag"):
        return f"{kind} Tag {int(get('PropertyTag', '0'), 0):#x}"
    space = get("DistinguishedPropertySetId") or "{" + get("PropertySetId", "").lower() + "}"
    return (
        f"{kind} {space} Name {get('PropertyName')}"
        if get("PropertyName")
        else f"{kind} {space} Id {get('PropertyId')}"
    )


def extended_pair(prop: Element) -> tuple[str, str]:
    """An ExtendedProperty as key and value; many values are JSON."""
    uri = find(prop, "t:ExtendedFieldURI")
    assert uri is not None
    many = every(prop, "t:Values/t:Value")
    return extended_key(uri), json.dumps([v.text or "" for v in many]) if many else text(prop, "t:Value")


def extended_element(uri: Element, value: str) -> Element:
    """The ExtendedProperty that answers for a URI that was asked for."""
    made = t("ExtendedProperty", copy.deepcopy(uri))
    if uri.get("PropertyType", "").endswith("Array"):
        made.append(t("Values", *[t("Value", one) for one in json.loads(value)]))
    else:
        made.append(t("Value", value))
    return made


def extended_value(item: Item, known: Mapping[str, Element], uri: Element) -> str | None:
    """Of a property of its own, or of one that EWS has another name for."""
    key = extended_key(uri)
    if key == ews_mapi.NUMBER:
        return str(item.number)
    if key == ews_mapi.RECURRING:
        return "true" if "Recurrence" in item.fields else "false"
    return ews_mapi.value(known, key) if ews_mapi.known(key) else item.extended.get(key)


def compose(item: Item, known: dict[str, Element], shape: Element, *, summary: bool, sparse: bool = False) -> Element:
    """An item as the shape asks for it: `known` has all there is, by name."""
    wanted = _wanted(shape, set(known))
    if summary:
        wanted -= SUMMARY_LACKS
    if sparse:  # what is nothing, or as always, is not said
        wanted -= {
            name
            for name, element in known.items()
            if (element.text or "") in _USUAL and not len(element) and not element.attrib
        }
    asked = [
        (uri, extended_value(item, known, uri)) for uri in every(shape, "t:AdditionalProperties/t:ExtendedFieldURI")
    ]
    extended = [extended_element(uri, value) for uri, value in asked if value is not None]
    made = t(tag_of(item))
    for name in ORDER[item.kind]:
        if name == "ExtendedProperty":
            made.extend(extended)
        elif name in known and name in wanted | {"ItemId", "MimeContent"}:
            made.append(known[name])
    return made


def tag_of(item: Item) -> str:
    """Of an item's element: invitations by mail have names of their own."""
    return str(item.fields.get(TAG) or TAGS[item.kind])


_USUAL = frozenset({"", "false", "Normal", "0"})


def _wanted(shape: Element, there: set[str]) -> set[str]:
    base = text(shape, "t:BaseShape")
    wanted = {"IdOnly": {"ItemId"}, "Default": there & _BASIC}.get(base, set(there))
    for uri in shape.iterfind("t:AdditionalProperties/*", {"t": etree.QName(t("x")).namespace}):
        name = uri.get("FieldURI", "").split(":")[1] if ":" in uri.get("FieldURI", "") else ""
        wanted.add(_INDEXED.get(name, name))
    return wanted


def change(fields: Fields, extended: dict[str, str], changes: Iterable[Element]) -> None:
    """Do SetItemField, AppendToItemField and DeleteItemField to copies of an item's properties."""
    for step in changes:
        path, verb = step[0], local(step)
        if local(path) == "ExtendedFieldURI":
            key, value = extended_key(path), None if verb == "DeleteItemField" else extended_pair(step[1][0])[1]
            extended.pop(key, None)
            if ews_mapi.known(key):
                ews_mapi.write(fields, key, value)
            elif value is not None:
                extended[key] = value
            continue
        parts = path.get("FieldURI", "").split(":")
        if local(path) == "IndexedFieldURI":
            _change_entry(fields, parts, path.get("FieldIndex", ""), step)
        elif verb == "DeleteItemField":
            fields.pop(parts[1], None)
        else:
            _set(fields, parts[1], step[1])


def _set(fields: Fields, name: str, item: Element) -> None:
    if len(item) != 1 or local(item[0]) != name:
        raise Refused("ErrorUpdatePropertyMismatch", f"The update of {name} brings another property.")
    fields[name] = stored(item[0])


def _change_entry(fields: Fields, parts: list[str], key: str, step: Element) -> None:
    name = _INDEXED[parts[1]]
    holder = etree.fromstring(fields[name]) if name in fields else t(name)
    entry = next((e for e in every(holder, "t:Entry") if e.get("Key") == key), None)
    new = find(step, f"*/t:{name}/t:Entry")
    if len(parts) == 3:  # one line of an address
        entry = t("Entry", Key=key) if entry is None else entry
        _change_line(entry, parts[2], new)
        new = entry
    if entry is not None and entry.getparent() is not None:
        holder.remove(entry)
    if new is not None and (len(new) or new.text):
        holder.append(copy.deepcopy(new))
    fields[name] = stored(holder)
    if not len(holder):
        del fields[name]


_LINES = ["Street", "City", "State", "CountryOrRegion", "PostalCode"]


def _change_line(entry: Element, line: str, new: Element | None) -> None:
    lines = {local(child): child for child in entry}
    lines.pop(line, None)
    fresh = None if new is None else find(new, f"t:{line}")
    if fresh is not None:
        lines[line] = copy.deepcopy(fresh)
    entry[:] = [lines[name] for name in _LINES if name in lines]
