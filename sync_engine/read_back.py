"""Look at what a server really keeps of what it was sent.

Some servers rewrite an item and say nothing. Known at once, and under the very version that our write got, that
rewriting is noted as an echo: it is never taken for somebody's edit, and what only the server lost stays in the hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sync_engine.context import Cycle
from sync_engine.decide import only_lost
from sync_engine.deliver import Delivery
from sync_engine.formats import with_uid
from sync_engine.ports import Binding, Changed, Link, ReadBack, RemoteRef, UnitOfWork


def read_back(cycle: Cycle, binding: Binding, written: Sequence[tuple[Delivery, RemoteRef]]) -> None:
    """Compare what was just written with what the remote holds, where the connector knows such systems."""
    if not written or not isinstance(cycle.connector, ReadBack):
        return
    sent = {ref.id: (delivery, ref) for delivery, ref in written}
    answers = cycle.connector.read_back(binding.remote_id, list(sent))
    kept = [a for a in answers if isinstance(a, Changed) and _says_something(sent[a.ref.id], a)]
    if not kept:
        return
    with cycle.store.begin() as uow:
        links = uow.links(binding.id, [answer.ref.id for answer in kept])
        for answer in kept:
            _note(cycle, uow, links[answer.ref.id], sent[answer.ref.id], answer)


def _says_something(sent: tuple[Delivery, RemoteRef], answer: Changed) -> bool:
    delivery, ref = sent
    return ref.version != answer.ref.version or not _same_text(delivery.payload.text, answer.item.text)


def _note(cycle: Cycle, uow: UnitOfWork, link: Link, sent: tuple[Delivery, RemoteRef], answer: Changed) -> None:
    delivery, ref = sent
    payload, read = delivery.payload.record, with_uid(answer.item.record, delivery.payload.uid)
    proven = bool(ref.version) and ref.version == answer.ref.version
    if read == payload:
        if not ref.version:
            uow.save_link(replace(link, remote_version=answer.ref.version))
    elif proven or (not ref.version and only_lost(payload, read)):
        echo = uow.keep_revision(delivery.hub.id, answer.item.text, cycle.origin)
        uow.save_link(replace(link, remote_version=answer.ref.version, echo_revision=echo))


def _same_text(sent: str, kept: str) -> bool:
    return sent == kept or sent.replace("\r\n", "\n").rstrip() == kept.replace("\r\n", "\n").rstrip()
