"""Bring a remote's changes into the hub: one transaction a page, with its cursor.

Deletions are only noted while the feed is read (`LinkState.MISSING`); `removals` decides about them afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from sync_engine.apply import Applier
from sync_engine.brake import approved_items, hold_emptied, refused_items
from sync_engine.context import Cycle
from sync_engine.errors import CursorExpired, NotStored, SuspectListing
from sync_engine.hidden_uids import hidden_uid
from sync_engine.kept import kept_by
from sync_engine.matching import fingerprint
from sync_engine.meetings import is_gone
from sync_engine.model import starts_of, title_of
from sync_engine.plan import Planner
from sync_engine.ports import (
    Binding,
    Change,
    Changed,
    Cursor,
    HubItem,
    Intent,
    KnownVersions,
    LinkState,
    Listed,
    Page,
    RemoteRef,
    Removed,
    Trouble,
    UnitOfWork,
)
from sync_engine.steps import Step, View
from sync_engine.telling import is_action, tell_step

_TOGETHER = 100  # items that are matched by content in one transaction


def pull(cycle: Cycle) -> None:
    """Read the feed from the stored cursor; list everything once if that has expired (SYNC.md R04)."""
    with cycle.store.read() as uow:
        binding = uow.binding(cycle.binding_id)
        again = uow.to_read_again(binding.id)
    if again:
        _commit(cycle, binding, Page(list(cycle.connector.fetch(binding.remote_id, again))), matching=False)
    try:
        _read_feed(cycle, binding, binding.cursor)
    except CursorExpired:
        cycle.counts.notes.append("the change feed had expired: everything was listed once")
        _read_feed(cycle, binding, None)


def take(cycle: Cycle, changes: Iterable[Change], settled: Sequence[Intent] = ()) -> None:
    """Take in items that were read out of turn; `settled` are the intents that are over with it, in one transaction."""
    with cycle.store.read() as uow:
        binding = uow.binding(cycle.binding_id)
    _commit(cycle, binding, Page(list(changes)), matching=False, settled=settled)


def _read_feed(cycle: Cycle, binding: Binding, since: Cursor | None) -> None:
    seen: set[str] = set()
    later: list[Changed] = []
    last: Page | None = None
    for page in cycle.connector.changes(binding.remote_id, since, known_versions(cycle)):
        cycle.pause_point()
        seen.update(_ids(page.changes) if since is None else ())
        last = page
        if since is None:
            _commit(cycle, binding, replace(page, cursor=None), matching=True, later=later)
        else:
            _commit(cycle, binding, page, matching=False)
    if since is None:
        _end_listing(cycle, binding, seen, last, later)


def _end_listing(cycle: Cycle, binding: Binding, seen: set[str], last: Page | None, later: list[Changed]) -> None:
    """A full listing counts only as a whole: its cursor is stored now, and what it did not mention is noted."""
    if last is None or not last.complete:
        raise SuspectListing("The listing ended before it was complete; nothing was deleted and it will be read again.")
    with cycle.store.read() as uow:
        absent = [i for i in uow.linked_remote_ids(binding.id) if i not in seen]
        vanished = [i for i in uow.unread_remote_ids(binding.id) if i not in seen]
        shared = uow.count_links(binding.id)
    if shared and not seen:
        _believe_emptied(cycle, binding, absent, shared)
    for part in _parts(later):
        _commit(cycle, binding, Page(part), matching=True)
    if not (absent or vanished) and last.cursor == binding.cursor:
        return
    with cycle.transaction() as uow:
        _note_absent(cycle, uow, binding, absent)
        uow.release(binding.id, remote_ids=vanished)
        if not cycle.watch.skipped:
            uow.set_cursor(binding.id, last.cursor)


def _parts(later: list[Changed]) -> Iterator[list[Changed]]:
    """What may be the original and its copies stays together."""
    named: dict[str, list[Changed]] = {}
    for change in later:
        named.setdefault(hidden_uid(change) or f"{change.ref.id}/", []).append(change)
    part: list[Changed] = []
    for group in named.values():
        part.extend(group)
        if len(part) >= _TOGETHER:
            yield part
            part = []
    if part:
        yield part


def _believe_emptied(cycle: Cycle, binding: Binding, absent: Sequence[str], shared: int) -> None:
    """A listing of nothing is believed only of the items that an admin answered for (SYNC.md R01)."""
    reason = (
        f"The server lists nothing at all where {shared} items were; nothing was deleted. If the collection was "
        f'emptied on purpose, run: agendahub held approve "{binding.name}"'
    )
    with cycle.store.read() as uow:
        gone = {link.item_id for link in (*uow.links(binding.id, absent).values(), *uow.missing_links(binding.id))}
        if gone <= approved_items(uow, binding, "hub") | refused_items(uow, binding):
            return
        known = uow.held(binding.id, "hub") == gone
    if not known:
        with cycle.transaction() as uow:
            hold_emptied(uow, binding, gone, reason)
    raise SuspectListing(reason)


def _note_absent(cycle: Cycle, uow: UnitOfWork, binding: Binding, absent: Sequence[str]) -> None:
    now = cycle.clock()
    for link in uow.links(binding.id, absent).values():
        uow.save_link(replace(link, state=LinkState.MISSING, missing_since=now))


def known_versions(cycle: Cycle) -> KnownVersions:
    """Versions of linked and of quarantined items: neither is read again while it stays as it is."""

    def versions(ids: Sequence[str]) -> dict[str, str]:
        with cycle.store.read() as uow:
            links = uow.links(cycle.binding_id, ids)
            troubled = uow.quarantined(cycle.binding_id, ids)
        there = {i: k for i, k in links.items() if k.state is not LinkState.MISSING and not is_gone(k)}
        found = {i: link.remote_version for i, link in there.items()}
        return found | {i: t.remote_version for i, t in troubled.items() if t.operation == "read"}

    return versions


def _commit(
    cycle: Cycle,
    binding: Binding,
    page: Page,
    *,
    matching: bool,
    later: list[Changed] | None = None,
    settled: Sequence[Intent] = (),
) -> None:
    """Take in a page. Where the store refuses it, its items one by one: the one that it cannot hold is set aside."""
    waiting = len(later or ())
    try:
        _commit_page(cycle, binding, page, matching=matching, later=later, settled=settled)
    except NotStored as err:
        del (later or [])[waiting:]
        changes = [change for change in page.changes if not isinstance(change, Listed)]
        if not changes:
            raise
        for change in changes if len(changes) > 1 else ():
            _commit(cycle, binding, Page([change]), matching=matching, later=later)
        if len(changes) == 1:
            _set_aside(cycle, binding, changes[0], err)
        _commit_page(cycle, binding, replace(page, changes=()), matching=matching, settled=settled)


def _set_aside(cycle: Cycle, binding: Binding, change: Change, err: NotStored) -> None:
    read = change if isinstance(change, Changed) else None
    ref = RemoteRef(change.id) if isinstance(change, Removed) else change.ref
    record = read.item.record if read else None
    entry = Trouble(
        "read", f"The hub cannot hold this item: {err}", title=title_of(record) if record else ref.id,
        starts=starts_of(record) if record else "", raw=read.item.text if read else getattr(change, "raw", ""),
        remote_id=ref.id, remote_version=ref.version, uid=read.item.uid if read else "",
    )  # fmt: skip
    with cycle.transaction() as uow:
        uow.quarantine(binding.id, entry)
        cycle.counts.quarantined += 1
        for link in uow.links(binding.id, [ref.id]).values():
            if link.state is LinkState.MISSING and not isinstance(change, Removed):  # it is there
                uow.save_link(replace(link, state=LinkState.LIVE, missing_since=None))


def _commit_page(
    cycle: Cycle,
    binding: Binding,
    page: Page,
    *,
    matching: bool,
    later: list[Changed] | None = None,
    settled: Sequence[Intent] = (),
) -> None:
    news = any(not isinstance(change, Listed) for change in page.changes)
    if not (news or settled) and page.cursor in (None, binding.cursor):
        cycle.progress("reading", len(page.changes))
        return
    with cycle.transaction() as uow:
        if news:
            uow.lock_collection(binding.collection_id)
        allowed, refused = _planned(cycle, uow, binding, page, matching=matching, later=later) if news else ([], set())
        if over := [intent for intent in settled if not cycle.watch.left(intent.item_id)]:
            uow.delete_intents([intent.id for intent in over])
            uow.release(binding.id, item_ids=[intent.item_id for intent in over])
        if news:
            applier = Applier(cycle, uow, binding)
            applier.apply(allowed)
            troubled = {step.ref.id for step in allowed if step.trouble is not None}
            _release(uow, binding, page.changes, applier.refused | troubled | refused)
        if page.cursor is not None and not cycle.watch.skipped:
            uow.set_cursor(binding.id, page.cursor)
    cycle.progress("reading", len(page.changes))


def _planned(
    cycle: Cycle, uow: UnitOfWork, binding: Binding, page: Page, *, matching: bool, later: list[Changed] | None
) -> tuple[list[Step], set[str]]:
    """The steps for a page, without those that the watch refuses; and the remote ids of these."""
    view = load_view(uow, binding, page.changes, matching=matching)
    anew = binding.hub_cursor == 0
    connector, now = cycle.connector, cycle.clock()
    planner = Planner(cycle.policy, connector.carries, view, now, later=later, kept=kept_by(connector), anew=anew)
    steps = planner.steps(page.changes)
    refused: set[str] = set()
    for step in steps:
        if is_action(step) and not cycle.watch.allows(partial(tell_step, step, view)):
            cycle.watch.skip(step.hub.id if step.hub else None)
            refused.add(step.ref.id)
    return [step for step in steps if step.ref.id not in refused], refused


def load_view(uow: UnitOfWork, binding: Binding, changes: Sequence[Change], *, matching: bool) -> View:
    """All that planning this page needs, in a fixed number of queries."""
    links = uow.links(binding.id, [*_ids(changes)])
    items = uow.items([link.item_id for link in links.values()])
    read = [c for c in changes if isinstance(c, Changed)]
    new = [c for c in read if c.ref.id not in links]
    uids = [*(u for c in new for u in (c.item.uid, c.known_as) if u), *(i.uid for i in items.values() if i.deleted)]
    by_uid = _by_uid(uow, binding, uids) if uids else {}
    unsure = [c.item for c in new if c.item.uid not in by_uid or by_uid[c.item.uid].uid != c.item.uid]
    prints = [fingerprint(item.record) for item in unsure] if matching else []
    alike = uow.look_alikes(binding.id, binding.collection_id, [p for p in prints if p]) if prints else {}
    found = {i.id: i for i in by_uid.values()} | {i.id: i for group in alike.values() for i in group}
    more_links = uow.links_of_items(binding.id, list(found)) if found else {}
    items = items | found
    meetings = uow.meeting_links(binding.id, list(items)) if any(c.role for c in read) and items else {}
    wanted = {i.revision_id for i in items.values()} | {k.base_revision for group in meetings.values() for k in group}
    for link in (*links.values(), *more_links.values()):
        wanted |= {link.base_revision} | ({link.echo_revision} if link.echo_revision is not None else set())
    texts = uow.texts(sorted(wanted)) if read and items else {}
    of_items = more_links | {link.item_id: link for link in links.values()}
    return View(links, of_items, items, by_uid, alike, texts, meetings)


def _by_uid(uow: UnitOfWork, binding: Binding, uids: Sequence[str]) -> dict[str, HubItem]:
    """What the hub knows by these UIDs, else what remotes know by them."""
    found = uow.items_by_uid(binding.collection_id, uids)
    rest = [uid for uid in uids if uid not in found or found[uid].deleted]
    there = uow.items_by_remote_uid(binding.collection_id, rest) if rest else {}
    return found | {uid: item for uid, item in there.items() if uid not in found or not item.deleted}


def _release(uow: UnitOfWork, binding: Binding, changes: Sequence[Change], troubled: set[str]) -> None:
    """An item that was read well, or that is gone, leaves the quarantine."""
    ids = [c.id if isinstance(c, Removed) else c.ref.id for c in changes if isinstance(c, Removed | Changed)]
    entries = uow.quarantined(binding.id, [i for i in ids if i not in troubled])
    well = [remote_id for remote_id, entry in entries.items() if entry.operation == "read"]
    if well:
        uow.release(binding.id, remote_ids=well)


def _ids(changes: Iterable[Change]) -> list[str]:
    return [c.id if isinstance(c, Removed) else c.ref.id for c in changes]
