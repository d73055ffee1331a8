"""A fan-out is one binding for each mailbox: made here from the configuration and from who is in it now.

These bindings and their accounts exist in no file. To the engine, the status, the brake, plans and history they are
bindings as any other, so each mailbox stands for itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from config.settings import AccountSettings, BindingSettings, FanoutSettings, Settings
from config.values import Name

_LONGEST = 100  # of a name
_DIGEST = 8


class MailboxAccount(AccountSettings):
    """One mailbox, opened by a service account of the configuration."""

    service: Name


class FanoutBinding(BindingSettings):
    """What ties the hub's collection to the folder in one mailbox. `remote` is the folder's name at the beginning."""

    fanout: Name
    address: str


def expanded(settings: Settings, members: Mapping[str, Collection[str]]) -> Settings:
    """The settings with a binding and an account for each mailbox. `members`: fan-out -> who is in it."""
    accounts: dict[str, AccountSettings] = {}
    bindings: list[BindingSettings] = []
    for fanout in settings.fanouts:
        service = settings.account(fanout.account)
        if service is None:  # the configuration was checked: only settings that a program made
            continue
        for address in sorted(set(members.get(fanout.name, ())) - set(fanout.left_out)):
            account = _account(service, address)
            accounts[account.name] = account
            bindings.append(_binding(fanout, account, address))
    if not bindings:
        return settings
    changed = {"accounts": (*settings.accounts, *accounts.values()), "bindings": (*settings.bindings, *bindings)}
    return settings.model_copy(update=changed)


def service_of(account: AccountSettings) -> str:
    """The account of the configuration that signs in: itself, or the service account of a mailbox."""
    return account.service if isinstance(account, MailboxAccount) else account.name


def binding_name(fanout: str, address: str) -> str:
    """What the binding of a mailbox is called."""
    return _joined(fanout, address)


def _account(service: AccountSettings, address: str) -> MailboxAccount:
    own = {"name": _joined(service.name, address), "mailbox": address, "shared": (), "push": "off"}
    given = service.model_dump() | own  # polls only: a connection for each mailbox would be too many
    return MailboxAccount.model_construct(**given, service=service.name)


def _binding(fanout: FanoutSettings, account: AccountSettings, address: str) -> FanoutBinding:
    shared = set(BindingSettings.model_fields) & set(FanoutSettings.model_fields) - {"name", "account"}
    return FanoutBinding(
        **{name: getattr(fanout, name) for name in shared},
        name=binding_name(fanout.name, address),
        account=account.name,
        remote=fanout.folder,
        fanout=fanout.name,
        address=address,
    )


def _joined(before: str, address: str) -> str:
    """Short enough for a name, and still another one for each address."""
    whole = f"{before}/{address}"
    if len(whole) <= _LONGEST:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]
    return f"{whole[: _LONGEST - _DIGEST - 1]}~{digest}"
