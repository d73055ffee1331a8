"""What a connector must be told about an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """One account. Only the connector that is chosen in the registry reads it."""

    url: str
    username: str = ""
    secret: str = field(default="", repr=False)  # a password, or the token for bearer
    auth: str = "basic"  # basic, digest, bearer; Microsoft also ntlm, device, web, app; Google desktop, web, app
    ca_file: str = ""  # certificates to trust instead of the public ones (PEM)
    timeout: float = 30.0  # seconds to wait for a connection, and for each part of an answer
    pool_size: int = 2  # connections kept open to the server
    max_wait: float = 5.0  # seconds of Retry-After that are waited for at once; longer waits end the cycle
    proxy: str = ""  # http://proxy.example.org:3128; variables of the environment are not read
    other_hosts: tuple[
        str, ...
    ] = ()  # further hosts the password may go to: "icloud.com" stands for its sub-domains too
    mailbox: str = ""  # whose mailbox is opened, by its address; empty: of the user who signs in
    zone: str = "UTC"  # IANA: where times without a zone are meant, at systems that know no such times
    tenant: str = ""  # of Microsoft's directory: its id or domain
    client_id: str = ""  # of the app that was registered there
    certificate: str = field(default="", repr=False)  # of the app: its key and certificate (PEM)
    authority: str = ""  # where to sign in; empty: Microsoft's public cloud, or Google
    tokens: TokenStore | None = field(default=None, repr=False, compare=False)  # where the tokens of a sign-in are kept
    shared: tuple[str, ...] = ()  # other people's mailboxes, "public:/Folder": their calendars are offered too
    options: Mapping[str, str] = field(default_factory=dict)  # for what only one kind of connector knows
