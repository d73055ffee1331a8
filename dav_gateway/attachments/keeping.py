"""Attachments named in what a client writes with PUT, COPY and MOVE (RFC 8607 3.7): by reference, never unseen."""

from __future__ import annotations

from dav_gateway.answers import Refused
from dav_gateway.attachments.access import is_ours, readable
from dav_gateway.attachments.sheet import managed_ids
from dav_gateway.site import Call
from storage.dav_attachments import add_attachment, attachments_of
from storage.dav_items import Leaf, texts
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.model import Kind


def writing(call: Call, unit: SqlUnitOfWork, here: Leaf | None, item: Item) -> None:
    """Refuses (403) an item that names an attachment of ours that its writer may not read, or too many of them.

    What the item named before stays, whatever became of it; attachments that are kept elsewhere are nothing to us.
    """
    named = _named(item)
    if not named:
        return
    before = _known(unit, here) if here is not None else set()
    new = [managed for managed, address in named.items() if managed not in before and is_ours(call, address)]
    if any(readable(call, unit, managed) is None for managed in new):
        raise Refused(403, "It names an attachment that is not here.", condition="<C:valid-managed-id-parameter/>")
    if new and len(named) > call.site.limits.files.attachments:
        raise too_many(call)


def _named(item: Item) -> dict[str, str]:
    return {} if item.kind is Kind.CONTACT else managed_ids(item.text)


def _known(unit: SqlUnitOfWork, leaf: Leaf) -> set[str]:
    """The attachments that an item names, and those that it held once: they may come back."""
    connection = unit.session.connection
    text = texts(connection, [leaf.revision_id]).get(leaf.revision_id, "")
    return set(managed_ids(text)) | {row.managed_id for row in attachments_of(connection, leaf.id)}


def too_many(call: Call) -> Refused:
    """The refusal of one attachment more."""
    most = call.site.limits.files.attachments
    condition = "<C:max-attachments-per-resource/>"
    return Refused(403, f"An event may have {most} attachments here.", condition=condition)


def written(call: Call, unit: SqlUnitOfWork, item_id: int, item: Item) -> None:
    """An item was written: it holds now what it names, if its writer may read that.

    It goes on counting for who added it.
    """
    named = _named(item)
    if not named:
        return
    connection = unit.session.connection
    held = {row.managed_id for row in attachments_of(connection, item_id)}
    unit.flush()
    for managed in named.keys() - held:
        found = readable(call, unit, managed)
        if found is not None:
            add_attachment(connection, found._replace(item_id=item_id))
