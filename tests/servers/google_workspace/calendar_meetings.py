"""Conferences: what a createRequest makes."""

from __future__ import annotations

import hashlib

from tests.servers.google_workspace.discovery import Json

_MEET = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet", "iconUri": "https://fonts.gstatic.com/meet.png"}


def with_conference(body: Json, name: str) -> Json:
    """A Meet, if the body asks for one; it is made at once here, in reality a moment later."""
    asked = body.get("conferenceData", {}).get("createRequest")
    if not asked or body["conferenceData"].get("entryPoints"):
        return body
    letters = "".join(chr(97 + byte % 26) for byte in hashlib.sha256(name.encode()).digest()[:10])
    code = f"{letters[:3]}-{letters[3:7]}-{letters[7:]}"
    made = {
        "createRequest": {**asked, "status": {"statusCode": "success"}},
        "entryPoints": [
            {"entryPointType": "video", "uri": f"https://meet.google.com/{code}", "label": f"meet.google.com/{code}"}
        ],
        "conferenceSolution": _MEET,
        "conferenceId": code,
    }
    return {**body, "conferenceData": made}
