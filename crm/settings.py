"""What the configuration says of customer requests, as this room needs it. Made by `agendahub.crm_settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm.invitation.own_calendars import NoOwnCalendars, OwnCalendars


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox whose mails become requests."""

    name: str
    address: str  # lower case; answers come from here
    display_name: str = ""
    signature: str = ""
    unknown_sender: str = "create"  # create, queue, ignore
    request_type: str = ""  # by name; "" for the first type of the catalogue that is not archived
    acknowledge: bool = False


@dataclass(frozen=True, slots=True)
class CrmSettings:
    """All of it."""

    mailboxes: Mapping[str, Mailbox] = field(default_factory=dict)
    agenda: str = "Agenda"  # name of the company's collection
    contacts: str = "Contacts"
    unknown_sender: str = "create"
    reopen_days: int = 30
    number_prefix: str = "R"
    currency: str = "EUR"
    own_addresses: frozenset[str] = frozenset()  # lower case; those of the mailboxes too
    distribution: str = "none"  # none, round_robin, least_busy
    web_url: str = ""  # without a slash at its end; a request is at {web_url}/requests/{number}
    trusted_authserv: frozenset[str] = frozenset()  # lower case
    signing_key: bytes = field(default=b"", repr=False)  # of our Message-IDs; derived from the store's key file
    own_calendars: OwnCalendars = field(default_factory=NoOwnCalendars)  # where answers to users' own meetings go
