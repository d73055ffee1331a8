"""What is asked for at sign-in: the fewest rights that carry what the account is for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from connectors.settings import ConnectorSettings

_BASE = "https://www.googleapis.com/auth/"


class Right(StrEnum):
    """A scope (https://developers.google.com/identity/protocols/oauth2/scopes)."""

    CONTACTS = f"{_BASE}contacts"
    OTHER_CONTACTS = f"{_BASE}contacts.other.readonly"
    CALENDAR = f"{_BASE}calendar"
    TASKS = f"{_BASE}tasks"
    MAIL = f"{_BASE}gmail.modify"
    SEND_MAIL = f"{_BASE}gmail.send"
    READ_MAIL = f"{_BASE}gmail.readonly"
    USERS = f"{_BASE}admin.directory.user.readonly"
    MEMBERS = f"{_BASE}admin.directory.group.member.readonly"
    WHO = "openid"
    ADDRESS = f"{_BASE}userinfo.email"


SERVICES = (Right.CONTACTS, Right.OTHER_CONTACTS, Right.CALENDAR, Right.TASKS)
DIRECTORY = (Right.USERS, Right.MEMBERS)
_DIRECTORY = {"": (), "users": (Right.USERS,), "groups": DIRECTORY}  # who is in a fan-out: by a pattern, by groups too
_PERSON = (Right.WHO, Right.ADDRESS)  # who signed in: another one must not slip in later
_NAMES = {  # as Google's own page names what a person ticks
    Right.CONTACTS: "contacts",
    Right.OTHER_CONTACTS: 'contact info automatically saved in "Other contacts"',
    Right.CALENDAR: "calendars",
    Right.TASKS: "tasks",
    Right.MAIL: "mails: read, mark and send, never delete",
    Right.SEND_MAIL: "send mails",
    Right.READ_MAIL: "see mails",
    Right.USERS: "users of the domain",
    Right.MEMBERS: "members of groups",
    Right.WHO: "who signed in",
    Right.ADDRESS: "e-mail address",
}
_SAME = {"email": Right.ADDRESS, "profile": f"{_BASE}userinfo.profile"}  # answers have the long ones


def scopes_of(settings: ConnectorSettings) -> list[str]:
    """``options["scopes"]`` outranks the usual ones; who signs in is always asked for, where a person does.

    A sign-in asks for mails where a mailbox uses the account, and for nothing but mails where nothing else does. What
    goes on with it asks for no more than it needs (``options["use"]``): nobody's calendar waits because somebody has
    not consented to mails yet.
    """
    told = [_SAME.get(scope, scope) for scope in settings.options.get("scopes", "").split()]
    if not told:
        directory = _DIRECTORY[settings.options.get("directory", "")] if settings.auth == "app" else ()
        use = settings.options.get("use", "")
        syncs = (*SERVICES, *directory) if settings.options.get("syncs", "yes") else directory
        told = [*map(str, syncs if use != "mail" else ()), *map(str, _mail(settings) if use != "sync" else ())]
    who = () if settings.auth == "app" else _PERSON
    return [*dict.fromkeys([*told, *map(str, who)])]


def _mail(settings: ConnectorSettings) -> tuple[Right, ...]:
    """Who only sends looks for what was sent, too."""
    uses = settings.options.get("mail", "").split()
    return (Right.MAIL,) if "read" in uses else (Right.SEND_MAIL, Right.READ_MAIL) if uses else ()


def offers(settings: ConnectorSettings, right: Right) -> bool:
    """Whether the account asks for this: what was left out of its scopes is not offered as collections."""
    return settings.auth == "bearer" or any(_opens(scope, right) for scope in scopes_of(settings))


def _opens(scope: str, right: Right) -> bool:
    """Also one that opens less: calendar.readonly, calendar.events."""
    return scope == right or (scope.startswith(f"{right}.") and scope != Right.OTHER_CONTACTS)


def named(scopes: Iterable[str]) -> str:
    """For people: what a scope opens, and its name."""
    known = {str(right): name for right, name in _NAMES.items()}
    return ", ".join(f"{known[scope]} ({scope})" if scope in known else scope for scope in scopes)
