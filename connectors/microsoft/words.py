"""Words of iCalendar and of Outlook for the same thing (as in MS-OXCICAL)."""

from __future__ import annotations

from connectors.described import Json

SENSITIVITY = {"": "normal", "PUBLIC": "normal", "X-PERSONAL": "personal", "PRIVATE": "private"} | {
    "CONFIDENTIAL": "confidential"
}
CLASSIFICATION = {"normal": "", "personal": "X-PERSONAL", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}

PARTICIPATION = {
    "none": "",
    "notResponded": "NEEDS-ACTION",
    "accepted": "ACCEPTED",
    "declined": "DECLINED",
    "tentativelyAccepted": "TENTATIVE",
    "organizer": "ACCEPTED",
}
"""PARTSTAT of what an attendee answered."""

BUSY_STATUS = "X-MICROSOFT-CDO-BUSYSTATUS"
BUSY_WORDS = {"OOF": "oof", "WORKINGELSEWHERE": "workingElsewhere"}
"""What Outlook can show besides free, tentative and busy."""


def sensitivity(classification: str) -> str:
    """Of CLASS. One that nobody knows is private (RFC 5545 3.8.1.3)."""
    return SENSITIVITY.get(classification, "private")


def classification(sensitivity: str | None) -> str:
    """CLASS of a sensitivity."""
    return CLASSIFICATION.get(sensitivity or "normal", "PRIVATE")


def importance(priority: str) -> str:
    """Of PRIORITY (RFC 5545 3.8.1.9): 1 to 4 is high, 6 to 9 low."""
    number = int(priority) if priority.isascii() and priority.isdigit() else 0
    if 1 <= number <= 4:
        return "high"
    return "low" if 6 <= number <= 9 else "normal"


def priority(importance: Json) -> str:
    """PRIORITY of an importance; none of the normal one."""
    return {"high": "1", "low": "9"}.get(str(importance).lower(), "")
