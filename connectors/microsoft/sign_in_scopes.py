"""What is asked for at sign-in: the fewest rights that carry what the account is for, for Graph or for EWS."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from connectors.settings import ConnectorSettings


class Resource(StrEnum):
    """Which system the token is for."""

    GRAPH = "graph"
    EWS = "ews"


GRAPH = "https://graph.microsoft.com"
EWS = "https://outlook.office365.com"
_OTHER_CLOUDS = {  # Graph's host -> where its people sign in
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn": "https://login.chinacloudapi.cn",
}
_PUBLIC_CLOUD = "https://login.microsoftonline.com"
_RIGHTS = ("Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite")


def resource_of(settings: ConnectorSettings) -> Resource:
    """Told by the address: EWS has the same path everywhere."""
    return Resource.EWS if "/ews" in urlsplit(settings.url).path.lower() else Resource.GRAPH


def scopes_of(settings: ConnectorSettings, resource: Resource) -> list[str]:
    """``options["scopes"]`` outranks all. msal adds offline_access (a refresh token) for people by itself.

    A sign-in asks for mails too where a mailbox uses the account. What goes on with it asks for no more than it needs
    (``options["use"]``): nobody's calendar waits because somebody has not consented to mails yet.
    """
    if settings.options.get("scopes"):
        return settings.options["scopes"].split()
    base = _graph(settings) if resource is Resource.GRAPH else _exchange(settings)
    if settings.auth == "app":
        return [f"{base}/.default"]
    if resource is Resource.EWS:
        return [f"{base}/EWS.AccessAsUser.All"]
    use = settings.options.get("use", "")
    rights = [*(_RIGHTS if use != "mail" else ()), *(_mail(settings) if use != "sync" else ())]
    others = settings.mailbox or settings.shared or settings.options.get("others")
    shared = [f"{right}.Shared" for right in rights] if others else []
    return [f"{base}/{right}" for right in (*rights, *shared, "User.Read")]


def _mail(settings: ConnectorSettings) -> list[str]:
    """Whoever sends looks into Sent Items too, and makes drafts of what is large."""
    uses = settings.options.get("mail", "").split()
    return ["Mail.ReadWrite", *(["Mail.Send"] if "send" in uses else [])] if uses else []


def authority_of(settings: ConnectorSettings) -> str:
    """Where to sign in, with the tenant: as it is written where it has a path (such as /adfs), else of the cloud."""
    cloud = _OTHER_CLOUDS.get(urlsplit(settings.url).hostname or "", _PUBLIC_CLOUD)
    base = (settings.authority or cloud).rstrip("/")
    return base if urlsplit(base).path else f"{base}/{settings.tenant or 'common'}"


def _graph(settings: ConnectorSettings) -> str:
    host = urlsplit(settings.url).hostname or ""
    return f"https://{host}" if host in _OTHER_CLOUDS else GRAPH


def _exchange(settings: ConnectorSettings) -> str:
    """A server on premises is its own resource (hybrid modern authentication names it by its address)."""
    host = urlsplit(settings.url).hostname or ""
    return f"https://{host}" if "." in host and not _is_address(host) else EWS


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
