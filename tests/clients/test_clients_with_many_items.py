"""The first sync of a calendar that is not new: a thousand events, as each client asks for them.

The last of all: no other test shall read so many.
"""

from __future__ import annotations

from tests.clients.client import Client, Elsewhere, until
from tests.clients.client_samples import sample

MANY = 1000
PATIENCE = 120.0  # seconds


def test_a_thousand_events_come_at_the_next_sync(client: Client, elsewhere: Elsewhere) -> None:
    for number in range(MANY):
        elsewhere.put("event", f"many-{number:04}", sample("event", f"many-{number:04}", f"Many {number}"))
    client.sync("event")
    until(lambda: sum("UID:many-" in text for text in client.texts("event")) == MANY, "all are there", PATIENCE)
    client.sync("event")
    assert sum("UID:many-" in text for text in client.texts("event")) == MANY
