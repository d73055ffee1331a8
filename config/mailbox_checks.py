"""What may be wrong between a mailbox whose mails become requests and the rest of a configuration."""

from __future__ import annotations

from collections.abc import Iterator

from config.lines import Path as KeyPath
from config.settings import AccountSettings, MailboxSettings, Settings

SOURCES = frozenset({"imap", "exchange", "microsoft365", "google_workspace"})
"""Connectors that mails come from."""

SENDERS = frozenset({"smtp", "exchange", "microsoft365", "google_workspace"})
"""Connectors that mails go out through."""

_LONGEST_FOLDER = 300


def inconsistencies(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Where, and what is wrong there."""
    accounts = {account.name: account.connector for account in settings.accounts}
    for number, box in enumerate(settings.mailboxes):
        for key, said in (*_account(box, accounts), *_after(box)):
            yield ("mailboxes", number, key), said
    yield from _shared_folders(settings)
    chosen = settings.server.invite_by_mail
    if chosen and settings.mailbox(chosen) is None:
        yield ("server", "invite_by_mail"), "there is no [[mailboxes]] entry of this name"


def _account(box: MailboxSettings, accounts: dict[str, str]) -> Iterator[tuple[str, str]]:
    if box.account not in accounts:
        yield "account", "there is no [[accounts]] entry of this name"
    elif accounts[box.account] not in SOURCES:
        yield "account", f"{accounts[box.account]} has no mails; choose an account of {_listed(SOURCES)}"
    through = box.send_through
    if through and through not in accounts:
        yield "send_through", "there is no [[accounts]] entry of this name"
    elif through and accounts[through] not in SENDERS:
        yield "send_through", f"{accounts[through]} sends no mails; choose an account of {_listed(SENDERS)}"


def _after(box: MailboxSettings) -> Iterator[tuple[str, str]]:
    if box.after == "move" and not box.move_to:
        yield "move_to", 'say into which folder mails are moved, or choose another "after"'
    if box.after == "move" and box.move_to in box.folders:
        yield "move_to", "this folder is read itself: mails cannot be moved into it"
    if box.after == "keyword" and not box.keyword.strip():
        yield "keyword", 'say which keyword mails get, or choose another "after"'
    if len(set(box.folders)) < len(box.folders) or not all(folder.strip() for folder in box.folders):
        yield "folders", "each folder is named once, and has a name"
    if any(len(folder) > _LONGEST_FOLDER for folder in box.folders):
        yield "folders", f"the name of a folder has at most {_LONGEST_FOLDER} characters"


def opened_mailbox(account: AccountSettings, box: MailboxSettings) -> str:
    """Whose mailbox the account opens for it: an app has none of its own; "" for that of the user who signs in."""
    return account.mailbox or (box.address if account.auth == "app" else "")


def _shared_folders(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Two readers of one folder would each flag and move the other's mails."""
    first: dict[tuple[str, str, str], str] = {}
    for number, box in enumerate(settings.mailboxes):
        account = settings.account(box.account)
        opened = opened_mailbox(account, box) if account is not None else ""
        for folder in box.folders:
            other = first.setdefault((box.account, opened, folder), box.name)
            if other != box.name:
                said = f'mailbox "{other}" reads the folder {folder} of this account already'
                yield ("mailboxes", number, "folders"), said


def _listed(connectors: frozenset[str]) -> str:
    return ", ".join(sorted(connectors))
