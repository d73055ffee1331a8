"""All that can be done, by name, and what each of the roles that are always there may do of it.

A scope says to which requests an action reaches; each one reaches what the ones after it do:
all · group: somebody of one of the actor's groups is responsible · own: the actor is responsible · part: the actor
takes part, by his mail address. A request that nobody is responsible for belongs to no group.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SCOPES = ("all", "group", "own", "part")  # the widest first

OF_REQUESTS: Mapping[str, str] = MappingProxyType(  # these are done to a request, or to what belongs to one
    {
        "request.read": "See a request, its messages, attachments and documents.",
        "request.internal": "See internal notes, the history, who is looking, suggestions of duplicates.",
        "request.change": "Change subject, customer, type, weight, objectives, tags and who takes part.",
        "request.status": "Set the status, and move cards on the board.",
        "request.assign": "Say who is responsible.",
        "request.close": "Close a request.",
        "request.reopen": "Open a closed request again.",
        "request.spam": "Mark a request as spam, or say that it is none.",
        "request.note": "Write internal notes.",
        "request.merge": "Merge, split and link requests.",
        "message.raw": "Get a mail as it came, with all of its headers.",
        "answer.write": "Write drafts, answer, forward and send to the customer.",
        "document.create": "Make a ticket, a quote or a meeting of a request.",
        "document.status": "Set the status of a ticket.",
        "activity.read": "See activities of a request.",
        "activity.plan": "Plan, change, do and cancel activities of a request.",
        "sale.read": "See what was sold.",
        "sale.create": "Enter what was sold.",
        "review.write": "Write reviews of work that was done.",
        "invitation.answer": "Accept or decline an invitation that came by mail.",
    }
)
GENERAL: Mapping[str, str] = MappingProxyType(  # no request is named
    {
        "request.create": "Open a request by hand.",
        "customer.read": "Find customers among the company's contacts.",
        "agenda.read": "See the shared agenda, and the own one, and who is free or busy.",
        "catalogue.read": "See types, statuses, canned replies, and names of users and groups.",
        "catalogue.edit": "Change types, statuses and canned replies.",
        "rule.read": "See the rules of the intake and try them.",
        "rule.edit": "Change the rules of the intake.",
        "quarantine.read": "See mails that could not be taken in.",
        "quarantine.edit": "Try mails again that could not be taken in.",
        "mail.unplaced": "See mails that became no request.",
        "outbox.read": "See what waits to be sent.",
        "outbox.decide": "Say what became of a mail when nobody knows whether it was sent.",
        "report.read": "See reports.",
        "audit.read": "See who did what.",
        "user.read": "See users, their addresses, groups and roles.",
        "user.edit": "Change users, groups and roles.",
        "hub.admin": "Use the admin API: holds, conflicts, undo, quarantine of items, sign-ins of accounts.",
    }
)
ACTIONS: Mapping[str, str] = MappingProxyType({**OF_REQUESTS, **GENERAL})

_OWN = ("request.close", "request.reopen")
_OPERATOR = (
    *(action for action in OF_REQUESTS if action not in _OWN),
    "request.create",
    "customer.read",
    "agenda.read",
    "catalogue.read",
    "rule.read",
)
_SUPERVISOR = (
    *OF_REQUESTS,
    *("request.create", "customer.read", "agenda.read", "catalogue.read", "catalogue.edit", "rule.read", "rule.edit"),
    *(
        "quarantine.read",
        "quarantine.edit",
        "mail.unplaced",
        "outbox.read",
        "outbox.decide",
        "report.read",
        "user.read",
    ),
)

BUILTIN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "administrator": dict.fromkeys(ACTIONS, "all"),
        "supervisor": dict.fromkeys(_SUPERVISOR, "all"),
        # An operator works on everything, and closes and reopens what is his own.
        "operator": dict.fromkeys(_OPERATOR, "all") | dict.fromkeys(_OWN, "own"),
        "client": {"request.read": "part"},
    }
)
