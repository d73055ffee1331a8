"""Look at what a server really keeps of what it was sent.

Some servers rewrite an item and say nothing. Known at once, and under the very version that our write got, that
rewriting is noted as an echo: it is never taken for somebody's edit, and what only the server lost stays in the hub.
"""

from __future__ import annotations

from sync_engine.decide import own_rewriting
from sync_engine.deliver import Delivery
from sync_engine.formats import with_uid
from sync_engine.kept import kept_by
from sync_engine.ports import Changed, ReadBack, RemoteRef
from sync_engine.results import Results


def read_back(results: Results) -> None:
    """Compare what was just written with what the remote holds, where the connector knows such systems."""
    connector = results.cycle.connector
    if not results.written or not isinstance(connector, ReadBack):
        return
    answers = connector.read_back(results.binding.remote_id, [ref.id for _, ref in results.written])
    kept = {answer.ref.id: answer for answer in answers if isinstance(answer, Changed)}
    results.written = [(d, _compared(results, d, ref, kept.get(ref.id))) for d, ref in results.written]


def unverified(results: Results) -> None:
    """What could not be compared is stored without its version: then the next pull looks at it."""
    if isinstance(results.cycle.connector, ReadBack):
        results.written = [(d, RemoteRef(ref.id, "")) for d, ref in results.written]


def _compared(results: Results, delivery: Delivery, ref: RemoteRef, kept: Changed | None) -> RemoteRef:
    """The reference to store: with a version only if that version is known to hold what we sent."""
    if kept is None:
        return RemoteRef(ref.id, "")
    if _same_text(delivery.payload.text, kept.item.text):
        return kept.as_written
    payload, read = delivery.payload.record, with_uid(kept.item.record, delivery.payload.uid)
    connector = results.cycle.connector
    if read == payload:
        return kept.as_written
    proven = (bool(ref.version) and ref.version == kept.ref.version) or read == kept_by(connector)(payload)
    if proven or (not ref.version and own_rewriting(payload, read)):
        results.echoes[delivery.hub.id] = kept.item.text
        return kept.as_written
    return RemoteRef(ref.id, "")  # somebody was there between our write and this read


def _same_text(sent: str, kept: str) -> bool:
    return sent == kept or sent.replace("\r\n", "\n").rstrip() == kept.replace("\r\n", "\n").rstrip()
