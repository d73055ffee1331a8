"""From the configuration to what the room of customer requests needs."""

from __future__ import annotations

import hashlib
import hmac

from agendahub.addresses import base_url
from agendahub.workspace import Workspace
from config.settings import MailboxSettings, RequestSettings
from crm.settings import CrmSettings, Mailbox
from dav_gateway.scheduling.mailed import OwnMeetings
from storage import secrets

_PURPOSE = b"agendahub: message ids"


def crm_settings(workspace: Workspace) -> CrmSettings:
    """Raises `StoreError` when the key file cannot be read."""
    settings = workspace.settings
    wanted = settings.requests
    boxes = {box.name: _mailbox(box, wanted) for box in settings.mailboxes}
    key = secrets.read_key(workspace.loaded.key_file)
    return CrmSettings(
        mailboxes=boxes,
        agenda=wanted.agenda,
        contacts=wanted.contacts,
        unknown_sender=wanted.unknown_sender,
        reopen_days=wanted.reopen_days,
        number_prefix=wanted.number_prefix,
        currency=wanted.currency,
        own_addresses=frozenset(a.lower() for a in (*wanted.own_addresses, *(b.address for b in boxes.values()))),
        distribution=wanted.distribution,
        web_url=(wanted.web_url or base_url(settings.server)).rstrip("/"),
        trusted_authserv=frozenset(name.lower() for name in wanted.trusted_authserv),
        signing_key=hmac.digest(key, _PURPOSE, hashlib.sha256),
        own_calendars=OwnMeetings(),
    )


def _mailbox(box: MailboxSettings, general: RequestSettings) -> Mailbox:
    return Mailbox(
        name=box.name,
        address=box.address.lower(),
        display_name=box.display_name,
        signature=box.signature,
        unknown_sender=box.unknown_sender or general.unknown_sender,
        request_type=box.request_type,
        acknowledge=general.acknowledge if box.acknowledge is None else box.acknowledge,
    )
