"""All settings, with their defaults. ``example.toml`` beside this file explains them to people.

Values come from the TOML file; environment variables outrank it: ``AGENDAHUB_STORE__URL`` sets ``[store] url``.
Paths are relative to the folder of the configuration file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.values import (
    Duration,
    MailAddress,
    Name,
    OutwardHost,
    ProxyAddress,
    SecretReference,
    ServerAddress,
    WebAddress,
)

ENVIRONMENT_PREFIX = "AGENDAHUB_"

KindName = Literal["contact", "event", "task"]


class Section(BaseModel):
    """A part of the file; unknown keys are refused, so that a slip of the pen is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(Section):
    """[store]: where the hub keeps everything."""

    url: str = "sqlite:///agendahub.db"
    key_file: str = "agendahub.key"
    keep_history: Annotated[Duration, Field(ge=30 * 86400)] = 180 * 86400.0


class ServerSettings(Section):
    """[server]: the gateway for phones and programs, the status page and the metrics."""

    listen: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8008
    base_url: WebAddress = ""
    tls_cert: str = ""
    tls_key: str = ""
    status_public: bool = False
    birthdays: bool = True
    invite_by_mail: str = ""
    proxies: tuple[ProxyAddress, ...] = ()
    outward_hosts: tuple[OutwardHost, ...] = ()
    outward_ca_file: str = ""


class SyncSettings(Section):
    """[sync]: how often and how much at once."""

    interval: Duration = 300.0
    reconcile: Duration = 86400.0
    workers: Annotated[int, Field(ge=1, le=64)] = 4


class LimitSettings(Section):
    """[limits]: how large an item or a file from a device may be, in octets."""

    event_bytes: Annotated[int, Field(ge=4096)] = 512 * 1024
    card_bytes: Annotated[int, Field(ge=4096)] = 2 * 1024 * 1024
    file_bytes: Annotated[int, Field(ge=4096)] = 25 * 1024 * 1024
    user_bytes: Annotated[int, Field(ge=4096)] = 250 * 1024 * 1024
    user_files: Annotated[int, Field(ge=0)] = 10_000
    attachments: Annotated[int, Field(ge=0)] = 20


class AccountSettings(Section):
    """[[accounts]]: a login at an outside system."""

    name: Name
    connector: str = "dav"
    url: ServerAddress = ""
    username: str = ""
    secret: SecretReference = ""
    auth: Literal["basic", "digest", "bearer", "ntlm", "desktop", "device", "web", "app"] = "basic"
    mailbox: str = ""
    access: Literal["impersonation", "delegate"] = "impersonation"
    zone: str = "UTC"
    tenant: str = ""
    client_id: str = ""
    certificate: SecretReference = ""
    authority: WebAddress = ""
    scopes: tuple[str, ...] = ()
    ca_file: str = ""
    proxy: WebAddress = ""
    other_hosts: tuple[str, ...] = ()
    timeout: Duration = 30.0
    connections: Annotated[int, Field(ge=1, le=16)] = 2
    shared: tuple[str, ...] = ()
    push: Literal["auto", "off"] = "auto"
    push_lifetime: Annotated[Duration, Field(ge=600)] = 4230 * 60.0


class BindingSettings(Section):
    """[[bindings]]: one hub collection tied to one remote collection."""

    name: Name
    account: Name
    remote: Annotated[str, Field(min_length=1, max_length=1000)]
    collection: Name
    owner: str = ""
    kinds: Annotated[tuple[KindName, ...], Field(min_length=1)]
    direction: Literal["both", "in", "out"] = "both"
    prefer: Literal["hub", "remote"] = "hub"
    brake_count: Annotated[int, Field(ge=0)] = 10
    brake_percent: Annotated[float, Field(ge=0, le=100)] = 10.0
    window_days_past: Annotated[int, Field(ge=0)] = 0
    window_days_future: Annotated[int, Field(ge=0)] = 0
    interval: Duration | None = None
    canary: bool = False
    paused: bool = False


class FanoutSettings(Section):
    """[[fanouts]]: one hub collection in a folder of each of many mailboxes."""

    name: Annotated[Name, Field(max_length=40)]
    account: Name
    collection: Name
    owner: str = ""
    kinds: Annotated[tuple[KindName, ...], Field(min_length=1)] = ("contact",)
    folder: Name = "AgendaHub"
    mailboxes: tuple[MailAddress, ...] = ()
    pattern: str = ""
    group: str = ""
    left_out: Annotated[tuple[MailAddress, ...], Field(alias="except")] = ()
    direction: Literal["out", "both"] = "out"
    prefer: Literal["hub", "remote"] = "hub"
    brake_count: Annotated[int, Field(ge=0)] = 3
    brake_percent: Annotated[float, Field(ge=0, le=100)] = 10.0
    window_days_past: Annotated[int, Field(ge=0)] = 0
    window_days_future: Annotated[int, Field(ge=0)] = 0
    interval: Duration | None = None
    paused: bool = False


class RequestSettings(Section):
    """[requests]: customer requests and the mails they come from."""

    agenda: Name = "Agenda"
    contacts: Name = "Contacts"
    unknown_sender: Literal["create", "queue", "ignore"] = "create"
    reopen_days: Annotated[int, Field(ge=0)] = 30
    number_prefix: Annotated[str, Field(pattern=r"^[A-Z]{0,8}$")] = "R"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    own_addresses: tuple[MailAddress, ...] = ()
    distribution: Literal["none", "round_robin", "least_busy"] = "none"
    web_url: WebAddress = ""
    trusted_authserv: tuple[str, ...] = ()
    acknowledge: bool = False


class MailboxSettings(Section):
    """[[mailboxes]]: a mailbox whose mails become requests."""

    name: Name
    account: Name
    address: MailAddress
    display_name: str = ""
    folders: Annotated[tuple[str, ...], Field(min_length=1)] = ("INBOX",)
    after: Literal["nothing", "seen", "keyword", "move"] = "keyword"
    keyword: str = "AgendaHub"
    move_to: str = ""
    send_through: str = ""
    signature: str = ""
    unknown_sender: Literal["create", "queue", "ignore"] | None = None
    request_type: str = ""
    acknowledge: bool | None = None
    interval: Duration = 60.0
    paused: bool = False


class LogSettings(Section):
    """[log]."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class Settings(BaseSettings):
    """A whole configuration, checked. Made by `config.loading.load`."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    store: StoreSettings = StoreSettings()
    server: ServerSettings = ServerSettings()
    sync: SyncSettings = SyncSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    accounts: tuple[AccountSettings, ...] = ()
    bindings: tuple[BindingSettings, ...] = ()
    fanouts: tuple[FanoutSettings, ...] = ()
    requests: RequestSettings = RequestSettings()
    mailboxes: tuple[MailboxSettings, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment outranks the file (which arrives as keyword arguments)."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def account(self, name: str) -> AccountSettings | None:
        """The account of this name."""
        return next((account for account in self.accounts if account.name == name), None)

    def binding(self, name: str) -> BindingSettings | None:
        """The binding of this name."""
        return next((binding for binding in self.bindings if binding.name == name), None)

    def fanout(self, name: str) -> FanoutSettings | None:
        """The fan-out of this name."""
        return next((fanout for fanout in self.fanouts if fanout.name == name), None)

    def mailbox(self, name: str) -> MailboxSettings | None:
        """The mailbox of this name."""
        return next((mailbox for mailbox in self.mailboxes if mailbox.name == name), None)


def anchored(folder: Path, written: str) -> Path:
    """A path of the configuration, made absolute: it is relative to the configuration's folder."""
    return folder / Path(written).expanduser()
