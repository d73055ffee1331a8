"""What a cycle does to items, one action at a time, and who looks on.

A cycle asks its watch before each action. The ordinary one lets everything pass and costs nothing; a rehearsal's notes
the actions (`dry_run`); that of a saved plan lets the planned ones pass and no others (`saved_plan_gate`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync_engine.ports import FieldConflict


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, in words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Upon:
    """What an action was decided upon; "" for what is not there. Texts are named by their digest (`item.digest_of`)."""

    hub: str = ""  # the hub's text: its entity tag; "deleted" for a tombstone
    remote_version: str = ""  # entity tag or change key
    remote: str = ""  # the remote's text as read in this cycle
    base: str = ""  # what both sides agreed on last


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that is done to one item on one side."""

    side: str  # hub, remote
    operation: str  # create, change, bring back, delete, link, keep, quarantine
    title: str
    starts: str
    reason: str
    remote_id: str  # "" for what is new there
    fields: tuple[FieldChange, ...] = ()
    conflicts: tuple[FieldConflict, ...] = ()
    uid: str = ""
    upon: Upon = Upon()
    result: str = ""  # digest of the text that is there afterwards
    held: bool = False  # the brake keeps it back until an admin approves
    item_id: int | None = None  # of the hub; negative in a rehearsal that made it

    @property
    def subject(self) -> tuple[str, str, str]:
        """Which item on which side: the same in two plans that say different things about it."""
        return self.side, self.uid, self.remote_id

    @property
    def identity(self) -> tuple[object, ...]:
        """All that makes it this very action; words for people take no part."""
        lost = tuple((c.field, c.kept) for c in self.conflicts)
        return self.side, self.operation, self.uid, self.remote_id, self.upon, self.result, lost


Telling = Callable[[], Action]
"""Says what an action is; called only by a watch that wants to know."""


class Watch:
    """Nobody in particular: sees nothing, lets everything pass."""

    notes = False  # whether it wants to be told at all
    exact = False  # whether anything may be refused
    skipped = False  # a change of the remote was refused: the cursor must stay, so that it is read again

    def allows(self, telling: Telling) -> bool:  # noqa: ARG002
        """Before an action."""
        return True

    def done(self, telling: Telling) -> None:
        """After a write to the remote."""

    def held(self, telling: Telling) -> None:
        """An action that the brake holds."""

    def skip(self, item_id: int | None) -> None:
        """A change of the remote was refused; it concerns this item of the hub."""

    def leave(self, item_id: int) -> None:
        """A write to the remote that did not happen because the item changed there meanwhile."""

    def left(self, item_id: int) -> bool:  # noqa: ARG002
        """Whether writes of this item wait for an ordinary cycle."""
        return False
