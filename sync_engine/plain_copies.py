"""The plain copy that we made of an appointment, when an invitation to it arrives in the same mailbox (SYNC.md R12).

The invitation takes over the link. The copy becomes an item of its own in the hub that is deleted at once: so the
brake, the undo and a crash between two writes are as with any other deletion, and what a person wrote into the copy
meanwhile stays where it is. docs/decisions/meetings.md says why. Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sync_engine.meetings import is_let_go
from sync_engine.model import starts_of, title_of
from sync_engine.ports import Changed, HubItem, Link, LinkState, Role, Trouble
from sync_engine.steps import Step, What

_MARK = "agendahub-replaced-"
_BESIDE = (
    "An invitation arrived beside this copy, which AgendaHub had made, and somebody has changed the copy. "
    "Both stay, and nothing is taken from the copy; remove it there once you need it no more."
)


def gives_way(link: Link, hub: HubItem, change: Changed) -> bool:
    """Whether the item of this link is our own plain copy of what the owner is now invited to.

    What he made himself has the UID that the hub knows, unless the invitation has that one.
    """
    ours = link.pushed_at is not None and (link.remote_uid != hub.uid or change.item.uid == hub.uid)
    plain = link.role is Role.NONE and link.state is LinkState.LIVE
    return ours and plain and change.role is Role.GUEST and not hub.deleted and hub.kind is change.item.kind


def uid_of_replaced(link: Link) -> str:
    """The name in the hub of a copy that is to go: the same in a rehearsal and in the cycle after it."""
    known = f"{link.binding_id} {link.remote_id} {link.item_id} {link.base_revision} {link.remote_version}"
    return _MARK + hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_replaced(hub: HubItem) -> bool:
    """Whether this is a copy that had to go."""
    return hub.deleted and hub.uid.startswith(_MARK)


def is_beside(hub: HubItem, link: Link) -> bool:
    """Whether this is such a copy that stays after all."""
    return is_replaced(hub) and is_let_go(link)


def beside(change: Changed, link: Link) -> Step:
    """Somebody has changed the copy that was to go: it is let alone, and told."""
    record = change.item.record
    trouble = Trouble(
        "read", _BESIDE, title=title_of(record), starts=starts_of(record), raw=change.item.text,
        remote_id=change.ref.id, remote_version=change.ref.version, uid=record.uid,
    )  # fmt: skip
    alone = replace(link, state=LinkState.LEFT, missing_since=None, remote_version=change.ref.version)
    return Step(What.QUARANTINE, change.ref, _BESIDE, alone, remote=change.item, trouble=trouble, left=True)
