"""What may be wrong between a fan-out and the rest of a configuration, and with folders that others share."""

from __future__ import annotations

from collections.abc import Iterator

from config.lines import Path as KeyPath
from config.settings import AccountSettings, FanoutSettings, Settings


def inconsistencies(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Where, and what is wrong there."""
    accounts = {account.name: account for account in settings.accounts}
    for number, fanout in enumerate(settings.fanouts):
        at: KeyPath = ("fanouts", number)
        if fanout.account not in accounts:
            yield (*at, "account"), "there is no [[accounts]] entry of this name"
        elif not _opens_mailboxes(accounts[fanout.account]):
            yield (*at, "account"), 'at Google only a service account opens the mailboxes of others: auth = "app"'
        if "contact" in fanout.kinds and len(fanout.kinds) > 1:
            yield (*at, "kinds"), "contacts and calendar entries cannot share a collection"
        if not (fanout.mailboxes or fanout.pattern or fanout.group):
            yield (*at, "mailboxes"), "say who gets it: `mailboxes`, `pattern` or `group`"
        if "@" in fanout.name or "/" in fanout.name:
            yield (*at, "name"), "the name of a fan-out has no / and no @: the names of its bindings are made of it"
    yield from _shared(settings)
    yield from _one_folder(settings)
    yield from _taken_names(settings)
    yield from _mixed(settings)


def _opens_mailboxes(account: AccountSettings) -> bool:
    """A token of Google's is good for one person."""
    return account.connector != "google_workspace" or account.auth == "app"


def _shared(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    for number, account in enumerate(settings.accounts):
        if account.shared and account.connector not in {"exchange", "microsoft365"}:
            yield ("accounts", number, "shared"), "only accounts of exchange and microsoft365 open what others share"
        elif account.connector == "microsoft365" and any(entry.startswith("public:") for entry in account.shared):
            yield ("accounts", number, "shared"), "Microsoft 365 gives programs no public folders"
        elif any("@" not in entry and not entry.startswith("public:/") for entry in account.shared):
            yield (
                ("accounts", number, "shared"),
                'write addresses of mailboxes, or public folders as "public:/Company/..."',
            )


def _one_folder(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Two fan-outs in one folder would each list the other's items."""
    first: dict[tuple[str, str, bool], FanoutSettings] = {}
    for number, fanout in enumerate(settings.fanouts):
        other = first.setdefault((fanout.account, fanout.folder, "contact" in fanout.kinds), fanout)
        if other is not fanout:
            yield ("fanouts", number, "folder"), f'fan-out "{other.name}" uses this folder already; choose another name'


def _taken_names(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    fanouts = {fanout.name for fanout in settings.fanouts}
    for section in ("accounts", "bindings"):
        for number, entry in enumerate(getattr(settings, section)):
            before, slash, after = entry.name.partition("/")
            if slash and "@" in after and (before in fanouts or section == "accounts"):
                yield (section, number, "name"), "names like this are made for the mailboxes of fan-outs"


def _mixed(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """A hub collection is an address book or a calendar, whoever gets it."""
    books = {(binding.owner, binding.collection): "contact" in binding.kinds for binding in settings.bindings}
    for number, fanout in enumerate(settings.fanouts):
        is_book = "contact" in fanout.kinds
        if books.setdefault((fanout.owner, fanout.collection), is_book) != is_book:
            said = "another entry ties this collection; contacts and calendar entries cannot share a collection"
            yield ("fanouts", number, "collection"), said
