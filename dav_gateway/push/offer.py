"""What a gateway needs to offer WebDAV-Push; without it there is none."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from connectors.outward_rules import Rules
from dav_gateway.push.vapid import Keys


@dataclass(frozen=True, slots=True)
class Offer:
    """Keys, where messages may go, and how addresses begin."""

    keys: Keys
    rules: Rules  # of push services that may be called
    origin: str = ""  # https://hub.example.org, as clients see it; "": as the request says


def topic_of(collection_id: int, epoch: str) -> str:
    """The push topic of a collection: the same for everyone who sees it, and for nothing else."""
    digest = hashlib.sha256(f"push topic {collection_id} {epoch}".encode()).digest()
    return urlsafe_b64encode(digest[:18]).decode("ascii")
