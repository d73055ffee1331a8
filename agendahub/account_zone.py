"""The zone of an account at Exchange or Microsoft 365, for times that name none; at Exchange for whole days too."""

from __future__ import annotations

import os
from pathlib import Path

from agendahub.texts import _
from config.settings import AccountSettings

MICROSOFT = ("exchange", "microsoft365")
_ZONES = "/usr/share/zoneinfo/"


def local_zone() -> str:
    """The IANA name of this machine's zone; "UTC" if it cannot be told."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if "/" in named:
        return named
    target = str(Path("/etc/localtime").resolve())
    name = target.removeprefix(_ZONES) if target.startswith(_ZONES) else "UTC"
    return "UTC" if name.startswith("Etc/") else name


def zone_is_open(account: AccountSettings) -> bool:
    """Nobody said where the people are; `zone = "UTC"` in the configuration says it too."""
    return account.connector in MICROSOFT and "zone" not in account.model_fields_set


def what_it_means(name: str, connector: str) -> str:
    """For an account of which nobody said it. Graph has days as days, EWS as two midnights."""
    if connector == "microsoft365":
        said = _("Account {name} has no time zone: times that name none are written to it in UTC.")
    else:
        said = _(
            "Account {name} has no time zone: whole days and times that name none are written to it in UTC, and people "
            "elsewhere may see whole days some hours off."
        )
    return said.format(name=name)


def what_to_do() -> str:
    """About it."""
    said = _('Set zone = "{zone}" in its [[accounts]] entry, or whichever zone its people are in ("UTC" if they are).')
    known = local_zone()
    return said.format(zone="Europe/Prague" if known == "UTC" else known)
