"""Ping-pong: an item that is written again and again without a person's edit (SYNC.md R21).

Two systems that each rewrite what the other wrote would go on for ever. Every write of a link in a window of time has a
weight; past the policy's limit the item is frozen and reported. A person's new edit always goes out, and counting
begins anew with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sync_engine.errors import Rejected
from sync_engine.ports import Intent, Link, LinkState, Origin, Policy

_PASSED_ON = 1  # changed elsewhere: may well be a person, at another account
_ANSWER = 3  # the remote itself changed the item after our last write, and we change it again
PERSONS_EDIT = 0


class PingPong(Rejected):
    """Written again and again: somebody else keeps changing it back."""


def weight_of(intent: Intent, link: Link, actors: Mapping[int, str], ourselves: str) -> int:
    """How much a write counts. `actors` made the two revisions; `ourselves` is the actor of this binding's pulls."""
    if intent.revision_id > link.base_revision and Origin(actors[intent.revision_id]).by_person:
        return PERSONS_EDIT
    answered = link.pushed_at is not None and actors.get(link.base_revision) == ourselves
    return _ANSWER if answered else _PASSED_ON


def counted(link: Link, weight: int, now: datetime, policy: Policy) -> tuple[datetime, int]:
    """The window in which writes are counted, and their weights with this one."""
    over = link.window_start is None or now - link.window_start > timedelta(hours=policy.write_hours)
    if weight == PERSONS_EDIT or over or link.window_start is None:
        return now, weight
    return link.window_start, link.window_writes + weight


def check(link: Link, weight: int, now: datetime, policy: Policy) -> None:
    """Let a write pass. Raises PingPong when the item is frozen, or is to be."""
    if weight == PERSONS_EDIT:
        return
    if link.state is LinkState.FROZEN or counted(link, weight, now, policy)[1] > policy.write_limit:
        raise PingPong(
            f"Written again and again within {policy.write_hours:g} hours though no person edited it in the hub: "
            "something else keeps changing it. It is frozen until somebody edits it in the hub, or you run: "
            "agendahub quarantine retry"
        )
