"""GetFolder, FindFolder, CreateFolder, UpdateFolder (the name alone) and DeleteFolder."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.servers.microsoft.directory import WRITE
from tests.servers.microsoft.ews_call import PUBLIC_ROOT, Call, denied, root_of
from tests.servers.microsoft.ews_items import batch
from tests.servers.microsoft.ews_properties import extended_element
from tests.servers.microsoft.ews_xml import Element, Refused, every, find, instant, local, m, response, success, t, text
from tests.servers.microsoft.mailbox import CALENDAR, CONTACTS, MAIL, TASKS, Collection, Mailbox

TAGS = {CONTACTS: "ContactsFolder", CALENDAR: "CalendarFolder", TASKS: "TasksFolder", MAIL: "Folder", "": "Folder"}
_CLASSES = {CONTACTS: "IPF.Contact", CALENDAR: "IPF.Appointment", TASKS: "IPF.Task", MAIL: "IPF.Note", "": "IPF.Note"}
_OF_CLASS = {_CLASSES[kind]: kind for kind in (CONTACTS, CALENDAR, TASKS, MAIL)}
_KINDS = {"ContactsFolder": CONTACTS, "CalendarFolder": CALENDAR, "TasksFolder": TASKS, "Folder": MAIL}


def folder_id(folder: Collection) -> Element:
    """<t:FolderId>."""
    return t("FolderId", Id=folder.id, ChangeKey="AQAAAA==")


def shown(call: Call, mailbox: Mailbox, folder: Collection, shape: Element | None = None) -> Element:
    """A folder with all that is known of it, and the MAPI properties that the shape names."""
    known = mailbox.collections.values()
    top = folder.well_known == "msgfolderroot"
    inside = [c for c in known if (c.parent or root_of(mailbox).id) == folder.id]
    count = 0 if top else len(list(mailbox.in_collection(folder.id)))
    parts = [folder_id(folder)]
    if not top:
        parts.append(t("ParentFolderId", Id=folder.parent or root_of(mailbox).id, ChangeKey="AQAAAA=="))
    parts += [t("FolderClass", _CLASSES[folder.kind]), t("DisplayName", folder.name)]
    parts += [t("TotalCount", str(count)), t("ChildFolderCount", str(len(inside)))]
    parts += _mapi(shape, mailbox, folder, count, len(inside))
    parts.append(_rights(call, mailbox, folder))
    if folder.well_known:
        public = top and mailbox is call.site.public_box
        parts.append(t("DistinguishedFolderId", PUBLIC_ROOT if public else folder.well_known))
    return t(TAGS[folder.kind], *parts)


def _mapi(shape: Element | None, mailbox: Mailbox, folder: Collection, count: int, inside: int) -> list[Element]:
    """Those that other clients ask for: the class, counts, and when something in it was changed (MS-OXPROPS)."""
    changed = folder.log[-1].at if folder.log else datetime(2026, 1, 1, tzinfo=UTC)
    known = {0x3613: _CLASSES[folder.kind], 0x3602: str(count), 0x360A: "true" if inside else "false"}
    known |= {0x670A: instant(changed), 0x3008: instant(changed)}
    asked = [] if shape is None else every(shape, "t:AdditionalProperties/t:ExtendedFieldURI[@PropertyTag]")
    tags = [(uri, int(uri.get("PropertyTag", "0"), 0)) for uri in asked]
    return [extended_element(uri, known[tag]) for uri, tag in tags if tag in known]


def _rights(call: Call, mailbox: Mailbox, folder: Collection) -> Element:
    """What whoever asks may do there; the top of a mailbox has its owner's."""
    write = "true" if call.may(mailbox, folder, WRITE) else "false"
    names = ["CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify"]
    return t("EffectiveRights", *[t(name, write) for name in names], t("Read", "true"))


def get_folder(call: Call, request: Element) -> Element:
    """By ids or well-known names."""
    keys, shape = find(request, "m:FolderIds"), find(request, "m:FolderShape")
    assert keys is not None
    return batch(
        "GetFolder", keys, lambda key: success("GetFolder", m("Folders", shown(call, *call.folder(key), shape)))
    )


def find_folder(call: Call, request: Element) -> Element:
    """The folders in a folder, or in all of them."""
    deep = request.get("Traversal") == "Deep"
    named = _name_asked_for(request)

    def inside(key: Element) -> Element:
        mailbox, top = call.folder(key)
        if deep and mailbox is call.site.public_box:
            raise Refused("ErrorInvalidOperation", "Deep traversal is not supported for public folders.")
        is_root = top.well_known == "msgfolderroot"
        found = [
            c
            for c in mailbox.collections.values()
            if (c.parent or root_of(mailbox).id) == top.id or (deep and _below(mailbox, c, top.id, is_root))
            if call.may(mailbox, c) and (not named or c.name.lower() == named)
        ]
        page = {
            "IncludesLastItemInRange": "true",
            "IndexedPagingOffset": str(len(found)),
            "TotalItemsInView": str(len(found)),
        }
        told = [shown(call, mailbox, c, shape) for c in found]
        return success("FindFolder", m("RootFolder", t("Folders", *told), **page))

    keys, shape = find(request, "m:ParentFolderIds"), find(request, "m:FolderShape")
    assert keys is not None
    return batch("FindFolder", keys, inside)


def _name_asked_for(request: Element) -> str:
    """Of a restriction of the name alone, which is what clients look for folders by; "" for all."""
    wanted = find(request, "m:Restriction/t:IsEqualTo")
    path = None if wanted is None else find(wanted, "t:FieldURI[@FieldURI='folder:DisplayName']")
    constant = None if wanted is None or path is None else find(wanted, "t:FieldURIOrConstant/t:Constant")
    return "" if constant is None else constant.get("Value", "").lower()


def _below(mailbox: Mailbox, folder: Collection, top: str, is_root: bool) -> bool:
    while folder.parent:
        if folder.parent == top:
            return True
        folder = mailbox.collections[folder.parent]
    return is_root


def create_folder(call: Call, request: Element) -> Element:
    """A name is there once."""
    parent = find(request, "m:ParentFolderId")
    assert parent is not None

    def create(element: Element) -> Element:
        mailbox, above = call.folder(parent[0])
        name, inner = text(element, "t:DisplayName"), "" if above.well_known == "msgfolderroot" else above.id
        if mailbox is not call.mailbox and not call.may(mailbox, above, WRITE):
            raise denied()
        if not name.strip():
            raise Refused("ErrorInvalidFolderId", "A folder needs a name.")
        if any(c.name.lower() == name.lower() and c.parent == inner for c in mailbox.collections.values()):
            raise Refused("ErrorFolderExists", "A folder with the specified name already exists.")
        kind = _OF_CLASS.get(text(element, "t:FolderClass"), _KINDS[local(element)])
        made = mailbox.add_collection(kind, name, parent=inner)
        return success("CreateFolder", m("Folders", t(TAGS[kind], folder_id(made))))

    folders = find(request, "m:Folders")
    assert folders is not None
    return batch("CreateFolder", folders, create)


def update_folder(call: Call, request: Element) -> Element:
    """A new name."""

    def rename(element: Element) -> Element:
        mailbox, folder = call.folder(element[0])
        call.writing(mailbox, folder.id)
        for step in every(element, "t:Updates/t:SetFolderField"):
            if step[0].get("FieldURI") == "folder:DisplayName":
                mailbox.rename_collection(folder.id, text(step[1], "t:DisplayName"))
        return success("UpdateFolder", m("Folders", t(TAGS[folder.kind], folder_id(folder))))

    return batch("UpdateFolder", every(request, "m:FolderChanges/t:FolderChange"), rename)


def delete_folder(call: Call, request: Element) -> Element:
    """With what is in it; the well-known ones stay."""

    def delete(key: Element) -> Element:
        mailbox, folder = call.folder(key)
        if folder.well_known:
            raise Refused("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
        call.writing(mailbox, folder.id)
        mailbox.remove_collection(folder.id)
        return success("DeleteFolder")

    keys = find(request, "m:FolderIds")
    assert keys is not None
    return response("DeleteFolder", list(batch("DeleteFolder", keys, delete)[0]))
