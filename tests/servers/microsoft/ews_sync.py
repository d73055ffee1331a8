"""SyncFolderItems: the log of a folder in pages, with an opaque state (E1 to E4)."""

from __future__ import annotations

import base64
import binascii
import json

from lxml import etree

from tests.servers.microsoft.ews_call import Call, Site, Target
from tests.servers.microsoft.ews_view import boolean, item_id, shown
from tests.servers.microsoft.ews_xml import Element, Fault, Refused, every, failure, find, m, response, success, t, text
from tests.servers.microsoft.mailbox import MAIL, Change, Collection, Mailbox

MOST = 512  # MaxSyncChangesReturnedType


def sync_folder_items(call: Call, request: Element) -> Element:
    """One page of what changed after a state."""
    wanted = int(text(request, "m:MaxChangesReturned"))
    if not 0 < wanted <= MOST:
        raise Fault("ErrorSchemaValidation", "The 'MaxChangesReturned' element is invalid.")
    try:
        return response("SyncFolderItems", [_page(call, request, wanted)])
    except Refused as why:
        if not call.site.mood.terse_errors:  # what clients look for in every answer (E3)
            why.children = [m("SyncState"), m("IncludesLastItemInRange", "true")]
        return response("SyncFolderItems", [failure("SyncFolderItems", why)])


def _page(call: Call, request: Element, wanted: int) -> Element:
    where, shape = find(request, "m:SyncFolderId"), find(request, "m:ItemShape")
    assert where is not None
    assert shape is not None
    mailbox, folder = _folder(call, where[0])
    after = _read(call.site, folder, text(request, "m:SyncState"))
    log = mailbox.changes(folder.id, after)
    now, more = log[:wanted], len(log) > wanted
    upto = now[-1].seq if more else max(after, mailbox.newest(folder.id))
    ignored = {key.get("Id") for key in every(request, "m:Ignore/t:ItemId")}
    told = [part for change in now for part in _lines(call, mailbox, folder, change, shape, after)]
    told = [line for line in told if line.find(".//{*}ItemId").get("Id") not in ignored]  # type: ignore[union-attr]
    state, last = m("SyncState", _state(folder, upto)), m("IncludesLastItemInRange", "false" if more else "true")
    return success("SyncFolderItems", state, last, m("Changes", *told))


def _folder(call: Call, key: Element) -> tuple[Mailbox, Collection]:
    try:
        mailbox, folder = call.folder(key)
    except Refused as why:
        if why.code == "ErrorFolderNotFound":
            raise Refused("ErrorSyncFolderNotFound", "The folder to be synchronised could not be found.") from None
        raise
    if folder.id in call.site.public:
        raise Refused("ErrorInvalidOperation", "Public folders cannot be synchronised.")
    return mailbox, folder


def _state(folder: Collection, seq: int) -> str:
    return base64.b64encode(json.dumps([folder.id, seq]).encode()).decode()


def _read(site: Site, folder: Collection, state: str) -> int:
    if state and site.mood.forget_states:
        site.mood.forget_states -= 1
        raise Refused("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.")
    try:
        name, seq = json.loads(base64.b64decode(state, validate=True)) if state else (folder.id, 0)
    except (binascii.Error, ValueError):
        raise Refused("ErrorInvalidSyncStateData", "Synchronization state data is corrupt.") from None
    if name != folder.id:
        raise Refused("ErrorInvalidSyncStateData", "The state is of another folder.")
    return int(seq)


def _lines(
    call: Call, mailbox: Mailbox, folder: Collection, change: Change, shape: Element, after: int
) -> list[Element]:
    """What an entry of the log says: an item that was moved away and back is gone under its old id."""
    item = mailbox.items.get(change.item)
    told = call.site.told.setdefault((folder.id, change.item), set())
    now = item.folder_id if item is not None and change.verb != "delete" else ""
    ever = after or call.site.mood.early_tombstones
    gone = sorted(told - {now}) if ever or not now else []  # kept in `told`: another client may have to hear it
    lines = [t("Delete", t("ItemId", Id=old, ChangeKey="AAAA")) for old in gone]
    if item is None or not now:
        dead = mailbox.deleted.get(change.item)
        known = dead is not None and ever and not lines  # told by a page of a server before this one
        return [t("Delete", item_id(Target(mailbox, dead)))] if known and dead else lines if ever else []
    told.add(now)
    if item.kind == MAIL and change.verb == "update" and change.names == {"IsRead"}:
        read = t("IsRead", boolean(etree.fromstring(item.fields["IsRead"]).text or ""))
        return [*lines, t("ReadFlagChange", item_id(Target(mailbox, item)), read)]
    seen = shown(call, Target(mailbox, item), shape, summary=True)
    return [*lines, t("Create" if change.verb == "create" else "Update", seen)]
