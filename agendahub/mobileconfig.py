"""An Apple configuration profile: calendar and contacts accounts in one file to open on an iPhone, iPad or Mac."""

from __future__ import annotations

import os
import plistlib
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit


def profile(url: str, user: str, password: str, device: str) -> bytes:
    """The profile as a property list (Apple: Configuration Profile Reference, CalDAV and CardDAV payloads)."""
    parts = urlsplit(url)
    payloads = [
        _payload("CalDAV", "com.apple.caldav.account", parts, user, password),
        _payload("CardDAV", "com.apple.carddav.account", parts, user, password),
    ]
    outer = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"agendahub.{parts.hostname}.{user}.{device}",
        "PayloadUUID": str(uuid.uuid4()).upper(),
        "PayloadDisplayName": "AgendaHub",
        "PayloadDescription": f"Calendars and contacts of {user}",
        "PayloadContent": payloads,
    }
    return plistlib.dumps(outer)


def write(path: Path, content: bytes) -> None:
    """Readable by its owner alone: it contains the app password."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)


def _payload(prefix: str, kind: str, parts: Any, user: str, password: str) -> dict[str, object]:
    tls = parts.scheme == "https"
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{kind}.{parts.hostname}.{user}",
        "PayloadUUID": str(uuid.uuid4()).upper(),
        "PayloadDisplayName": prefix,
        f"{prefix}AccountDescription": "AgendaHub",
        f"{prefix}HostName": parts.hostname,
        f"{prefix}Port": parts.port or (443 if tls else 80),
        f"{prefix}UseSSL": tls,
        f"{prefix}PrincipalURL": f"{parts.path.rstrip('/')}/dav/principals/{quote(user, safe='')}/",
        f"{prefix}Username": user,
        f"{prefix}Password": password,
    }
