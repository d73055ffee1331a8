"""The wiring: from a configuration to a database, secrets and connectors."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from agendahub import redaction
from agendahub.failure import Failure
from agendahub.fanout import MailboxAccount, expanded, service_of
from agendahub.kept_tokens import KeptTokens
from agendahub.texts import _
from config.loading import Loaded
from config.settings import AccountSettings, BindingSettings, Settings, anchored
from connectors.settings import ConnectorSettings
from storage import secrets
from storage.database import Database
from sync_engine.model import Kind
from sync_engine.ports import Connector, Direction, Policy, Prefer


def utc_now() -> datetime:
    """The present time."""
    return datetime.now(UTC)


class Workspace:
    """Everything a command works with, made when it is first needed."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.settings = loaded.settings

    @cached_property
    def database(self) -> Database:
        """The hub's store."""
        return Database(self.loaded.database_url)

    def close(self) -> None:
        """Give back what was opened."""
        if "database" in self.__dict__:
            self.database.dispose()

    def follow_members(self) -> None:
        """Know the bindings and accounts of fan-outs, for who is in them now. Raises StoreError."""
        if self.loaded.settings.fanouts:
            from agendahub.fanout_members import active_members

            self.settings = expanded(self.loaded.settings, active_members(self))

    def account(self, name: str) -> AccountSettings:
        """Raises Failure for a name that is not in the configuration."""
        found = self.settings.account(name)
        if found is None:
            raise Failure(_unknown(_("account"), name, [a.name for a in self.settings.accounts], "account add"))
        return found

    def binding(self, name: str) -> BindingSettings:
        """Raises Failure for a name that is not in the configuration."""
        found = self.settings.binding(name)
        if found is None:
            raise Failure(_unknown(_("binding"), name, [b.name for b in self.settings.bindings], "binding add"))
        return found

    def connector(self, account: AccountSettings) -> Connector:
        """A new connector for an account. Raises Failure when its secret cannot be had."""
        from config.mail_accounts import MAIL_ONLY
        from connectors.registry import connect

        if account.connector in MAIL_ONLY:
            said = _("Account {name} is for mail only: it has no calendars and no address books.")
            raise Failure(said.format(name=account.name))
        try:
            return connect(account.connector, self.connector_settings(account))
        except ValueError as err:
            raise Failure(str(err)) from err

    def connector_settings(self, account: AccountSettings) -> ConnectorSettings:
        """What the connector must be told, the secret in clear."""
        return ConnectorSettings(
            url=account.url,
            username=account.username,
            secret=self.secret(account),
            auth=account.auth,
            mailbox=account.mailbox,
            zone=account.zone,
            tenant=account.tenant,
            client_id=account.client_id,
            certificate=self.certificate(account),
            authority=account.authority,
            tokens=None if _signs_in_alone(account) else self.tokens(account),
            options=_options(account, self.settings),
            ca_file=str(anchored(self.loaded.folder, account.ca_file)) if account.ca_file else "",
            timeout=account.timeout,
            pool_size=account.connections,
            proxy=account.proxy,
            other_hosts=account.other_hosts,
            shared=account.shared,
        )

    def secret(self, account: AccountSettings) -> str:
        """The password or token of an account. Raises Failure."""
        value = self._secret(account)
        redaction.learn(value)
        return value

    def certificate(self, account: AccountSettings) -> str:
        """The key and the certificate of an account's app (PEM); "" for none. Raises Failure."""
        return self._looked_up(account, account.certificate)

    def tokens(self, account: AccountSettings) -> KeptTokens:
        """Where the tokens of an account's sign-in are kept."""
        return KeptTokens(self.database, self.loaded.key_file, service_of(account))

    def _secret(self, account: AccountSettings) -> str:
        found = self._looked_up(account, account.secret)
        if not account.secret.startswith("file:") or found.lstrip().startswith("{"):
            return found  # the JSON that Google makes for its clients and keys is a secret as a whole
        return found.partition("\n")[0].rstrip("\r")

    def _looked_up(self, account: AccountSettings, reference: str) -> str:
        way, _colon, name = reference.partition(":")
        if way == "env":
            return _from_environment(account.name, name)
        if way == "file":
            return _from_file(account.name, anchored(self.loaded.folder, name))
        return self._from_store(account.name, name) if way == "store" else ""

    def _from_store(self, account: str, name: str) -> str:
        with self.database.read() as unit:
            value = secrets.get(unit.session.connection, secrets.read_key(self.loaded.key_file), name)
        if value is None:
            hint = _(
                "The store has no secret {name} for account {account}; give it: `agendahub account secret {account}`."
            )
            raise Failure(hint.format(name=name, account=account))
        return value

    def put_secret(self, name: str, value: str) -> None:
        """Encrypt a secret into the store."""
        key = secrets.read_key(self.loaded.key_file)
        with self.database.begin() as unit:
            secrets.put(unit.session.connection, key, name, value, utc_now())


def policy_of(binding: BindingSettings) -> Policy:
    """What the engine may do for a binding."""
    return Policy(
        direction=Direction(binding.direction),
        prefer=Prefer(binding.prefer),
        brake_count=binding.brake_count,
        brake_percent=binding.brake_percent,
        window_days_past=binding.window_days_past,
        window_days_future=binding.window_days_future,
        kinds=frozenset(Kind(kind) for kind in binding.kinds),
    )


def _unknown(what: str, name: str, known: list[str], command: str) -> str:
    if not known:
        none = _("There is no {what} {name}: the configuration has none yet; add one with `agendahub {command}`.")
        return none.format(what=what, name=name, command=command)
    some = _("There is no {what} {name}; the configuration has: {known}.")
    return some.format(what=what, name=name, known=", ".join(known))


def _from_environment(account: str, variable: str) -> str:
    value = os.environ.get(variable)
    if value is None:
        hint = _("The environment variable {variable}, which holds the secret of account {account}, is not set.")
        raise Failure(hint.format(variable=variable, account=account))
    return value


def _from_file(account: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        hint = _("The file {path}, which holds the secret of account {account}, cannot be read ({reason}).")
        raise Failure(hint.format(path=path, account=account, reason=err)) from err


def _signs_in_alone(account: AccountSettings) -> bool:
    """Whether it is one mailbox of a fan-out at Google: there each has a token of its own, and they are many."""
    return isinstance(account, MailboxAccount) and account.connector == "google_workspace"


def _options(account: AccountSettings, settings: Settings) -> dict[str, str]:
    """What only some connectors ask for; the name is for their messages.

    `others`: it opens mailboxes of others too; `directory`: it is asked who is in a fan-out, for users or groups too;
    `push`: "off" where no server is to be asked to tell of changes; `mail`: mailboxes read mails with it, send with it,
    or both; `syncs`: it is for more than that, or for nothing yet.
    """
    name = service_of(account)
    mine = [fanout for fanout in settings.fanouts if fanout.account == name]
    mail = _mail(name, settings)
    syncs = not mail or mine or any(binding.account == name for binding in settings.bindings)
    asking = [] if isinstance(account, MailboxAccount) else mine
    groups, users = (any(getattr(fanout, how) for fanout in asking) for how in ("group", "pattern"))
    return {
        "account": name,
        "access": account.access,
        "scopes": " ".join(account.scopes),
        "others": "yes" if mine else "",
        "directory": "groups" if groups else "users" if users else "",
        "push": account.push,
        "mail": mail,
        "syncs": "yes" if syncs else "",
    }


def _mail(account: str, settings: Settings) -> str:
    """What mailboxes use an account for: "read", "send", "read send", or nothing."""
    reads = any(box.account == account for box in settings.mailboxes)
    sends = any((box.send_through or box.account) == account for box in settings.mailboxes)
    return " ".join(use for use, wanted in (("read", reads), ("send", sends)) if wanted)
