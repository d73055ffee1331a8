"""What the hub hides on the items it makes, by name; Graph and EWS have their own ways to say so."""

from __future__ import annotations

OWN_SET = "6c1f6f0e-3b0e-4d8e-9f0c-9d2b7a9e4a51"
"""The property set of our own keys; never to be changed."""
UID = "AgendaHubUid"
"""The UID under which the hub made an item."""
KEY = "AgendaHubKey"
"""The key of the write that made it, to find it by."""
UNFINISHED = "AgendaHubUnfinished"
"""On an item that is written in several steps: the digest of what it is to be, until the last step."""
