"""Whether subscribed calendars are read: a feed that is gone takes nothing away, so that nobody would see it."""

from __future__ import annotations

from datetime import timedelta

from agendahub.check import Check
from agendahub.texts import _
from agendahub.workspace import Workspace, utc_now
from storage import dav_feeds
from storage.errors import StoreError

_LATE = timedelta(hours=3)  # feeds are read every hour
_NEW = timedelta(minutes=5)  # the first time within a minute


def feeds(workspace: Workspace) -> Check:
    """Each feed that was not read lately, by the name that commands take."""
    name, now = _("subscribed calendars"), utc_now()
    try:
        with workspace.database.read() as unit:
            found = dav_feeds.unread(unit.session.connection, now - _LATE, now - _NEW)
    except StoreError:  # `store` tells of it
        return Check(name, True, _("not looked at"))
    if not found:
        return Check(name, True, _("none is late"))
    named = ", ".join(f"{owner}/{slug}" if owner else slug for owner, slug in found)
    advice = _(
        "The log of `agendahub serve` says why ({event}). `agendahub collection unsubscribe` ends a subscription."
    )
    return Check(name, False, _("not read: {feeds}").format(feeds=named), advice.format(event="a feed was not read"))
