"""Says what a step, a removal or a write is, as an `Action`."""

from __future__ import annotations

from collections.abc import Mapping

from sync_engine.actions import Action, Upon
from sync_engine.deliver import Delivery
from sync_engine.field_diff import field_changes
from sync_engine.formats import with_uid
from sync_engine.item import Item, digest_of
from sync_engine.model import Record, starts_of, title_of
from sync_engine.ports import HubItem, Link, Operation
from sync_engine.steps import Step, View, What

_OPERATIONS = {
    What.NEW: "create",
    What.WRITE: "change",
    What.REVIVE: "bring back",
    What.QUARANTINE: "quarantine",
    What.KEEP: "link",
    What.PUSH: "keep",
}


def is_action(step: Step) -> bool:
    """Whether a step does something that a person would call a change; the rest keeps the books of a link."""
    if step.what is What.KEEP:
        return step.link is None
    if step.what is What.PUSH:
        return bool(step.conflicts) or step.link is None
    return step.what in _OPERATIONS


def tell_step(step: Step, view: View) -> Action:
    """What a step does in the hub."""
    hub, link = step.hub, step.link
    before = _text(view.texts, hub.revision_id if hub else None)
    record = step.record
    if step.what in (What.KEEP, What.PUSH, What.QUARANTINE):
        record = None
    return Action(
        "hub",
        _OPERATIONS[step.what],
        step.title,
        starts_of(step.record) if step.record else step.trouble.starts if step.trouble else "",
        step.reason,
        step.ref.id,
        field_changes(_record(hub, before), record) if record and hub and not hub.deleted else (),
        step.conflicts,
        hub.uid if hub else step.remote.uid if step.remote else "",
        Upon(
            _held(hub, before),
            step.ref.version,
            step.remote.digest if step.remote else digest_of(step.trouble.raw) if step.trouble else "",
            digest_of(_text(view.texts, link.base_revision)) if link and step.remote else "",
        ),
        _result(step) if record else "",
        item_id=hub.id if hub else None,
    )


def tell_removal(link: Link, hub: HubItem, texts: Mapping[int, str], title: str, reason: str) -> Action:
    """A deletion in the hub."""
    held = texts[hub.revision_id]
    upon = Upon(_held(hub, held), link.remote_version, "", digest_of(texts[link.base_revision]))
    starts = starts_of(Item.stored(hub.kind, hub.uid, held).record)
    return Action("hub", "delete", title, starts, reason, link.remote_id, uid=hub.uid, upon=upon, item_id=hub.id)


def tell_delivery(delivery: Delivery) -> Action:
    """A write to the remote."""
    record, link = delivery.payload.record, delivery.link
    deleting = delivery.operation is Operation.DELETE
    before = with_uid(delivery.base.record, record.uid) if delivery.base else None
    upon = Upon(
        "deleted" if deleting else delivery.payload.digest,
        link.remote_version if link else "",
        "",
        delivery.base.digest if delivery.base else "",
    )
    return Action(
        "remote",
        {Operation.UPDATE: "change"}.get(delivery.operation, str(delivery.operation)),
        title_of(record),
        starts_of(record),
        f"{'deleted' if deleting else 'changed' if link else 'new'} in the hub",
        link.remote_id if link else "",
        () if deleting or before is None else field_changes(before, record),
        uid=delivery.hub.uid,
        upon=upon,
        result="" if deleting else delivery.payload.digest,
        item_id=delivery.hub.id,
    )


def _text(texts: Mapping[int, str], revision: int | None) -> str:
    return texts.get(revision, "") if revision is not None else ""


def _record(hub: HubItem | None, text: str) -> Record | None:
    return Item.stored(hub.kind, hub.uid, text).record if hub and text else None


def _held(hub: HubItem | None, text: str) -> str:
    if hub is None:
        return ""
    return "deleted" if hub.deleted else digest_of(text)


def _result(step: Step) -> str:
    """Digest of the text that `Applier` will store."""
    assert step.record is not None
    if step.remote is not None and step.remote.record == step.record:
        return step.remote.digest
    return digest_of(Item.of(step.record).text)
