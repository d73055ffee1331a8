"""The wiring of the pages for people (web_ui/pages): their store, limits of guessing, and signed profiles."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from agendahub import mobileconfig
from agendahub.daemon import Daemon
from agendahub.workspace import utc_now
from dav_gateway.auth import PER_ACCOUNT, PER_ADDRESS, WINDOW, network
from dav_gateway.limiter import FailureWindow
from web_ui.pages.desk import Desk


def desk_of(daemon: Daemon) -> Desk:
    """For one daemon. [server] needs a restart to change."""
    workspace = daemon.workspace
    server = workspace.settings.server

    profile = partial(mobileconfig.made, workspace)
    return Desk(
        workspace.database, utc_now, SignInLimits(), profile, server.base_url, behind_proxies=bool(server.proxies)
    )


class SignInLimits:
    """As at the gateway's door: by address and by name; no name is locked for an address that did not fail itself."""

    def __init__(self) -> None:
        self._by_address = FailureWindow(PER_ADDRESS, WINDOW)
        self._by_account = FailureWindow(PER_ACCOUNT, WINDOW)

    def too_many(self, user: str, client: str, now: datetime) -> bool:
        """Whether nothing is looked at any more for now."""
        address = network(client)
        crowded = self._by_account.exceeded(user.lower(), now) and self._by_address.count(address, now)
        return bool(crowded) or self._by_address.exceeded(address, now)

    def wrong(self, user: str, client: str, now: datetime) -> None:
        """One more."""
        self._by_address.add(network(client), now)
        self._by_account.add(user.lower(), now)
