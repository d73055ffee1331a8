"""What the server answers: the gateway, the admin API, /healthz, /metrics and the status."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from agendahub.api import routes as api_routes
from agendahub.daemon import Daemon
from agendahub.look import look, look_at_mailboxes
from agendahub.output import as_data
from agendahub.outsiders import outsiders_of
from agendahub.push_door import Door
from agendahub.push_states import LIVE
from agendahub.sign_in_door import routes as sign_in_routes
from agendahub.status_page import page
from agendahub.texts import _
from agendahub.web_pages import desk_of
from agendahub.webdav_push_keeper import offer_of
from agendahub.workspace import utc_now
from config.settings import LimitSettings
from dav_gateway.app import routes as gateway_routes
from dav_gateway.site import Limits
from dav_gateway.uploads import FileLimits
from storage.admin_holds import held_counts
from storage.errors import StoreError
from web_ui.pages.app import routes as page_routes

_SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


def application(daemon: Daemon) -> Starlette:
    """Everything that one port serves."""
    settings = daemon.workspace.settings
    site = Site(daemon)
    limits = _limits(settings.limits)
    prefix = urlsplit(settings.server.base_url).path
    own: list[BaseRoute] = [
        Route("/healthz", site.healthz),
        Route("/metrics", site.metrics),
        Route("/status.json", site.status_json),
        Route("/status", site.status),
        Route("/", site.front, methods=["GET"]),
    ]
    own += Door(daemon.push.hooks, daemon.metrics.called).routes(prefix)
    own += sign_in_routes(daemon, prefix)
    own += page_routes(desk_of(daemon), prefix)
    own += api_routes(daemon, prefix)
    outsiders = outsiders_of(daemon.workspace)
    push = offer_of(daemon.workspace, daemon.webdav_push_keys)
    dav = gateway_routes(
        daemon.workspace.database,
        limits=limits,
        prefix=prefix,
        push=push,
        outsiders=outsiders,
        base_url=settings.server.base_url,
        birthdays=settings.server.birthdays,
    )
    return Starlette(routes=dav + own)  # phones ask most; the API has many routes


def _limits(given: LimitSettings) -> Limits:
    files = FileLimits(given.file_bytes, given.user_bytes, given.user_files, given.attachments)
    return Limits(event=given.event_bytes, card=given.card_bytes, files=files)


class Site:
    """The pages that are ours."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._prefix = urlsplit(daemon.workspace.settings.server.base_url).path.rstrip("/")

    async def healthz(self, _request: Request) -> Response:
        """For supervisors and balancers: 200 while the daemon does its work."""
        well = self._daemon.alive
        return JSONResponse({"ok": well}, 200 if well else 503, headers=_SAFE)

    async def metrics(self, request: Request) -> Response:
        """For Prometheus."""
        if not self._may_look(request):
            return _elsewhere()
        held = await anyio.to_thread.run_sync(self._held)
        push = {state.account: state.state == LIVE for state in self._daemon.push.states.all()}
        slots, locked = self._daemon.board.slots(), self._daemon.need_sign_in
        self._daemon.metrics.mailboxes(await anyio.to_thread.run_sync(look_at_mailboxes, self._daemon), utc_now())
        self._daemon.metrics.outbox(self._daemon.crm.outbox.standing)
        text = self._daemon.metrics.page(slots, utc_now(), held, push, locked)
        return Response(text, media_type="text/plain; version=0.0.4", headers=_SAFE)

    async def front(self, request: Request) -> Response:
        """What a person sees who types the bare address: the status, or from elsewhere the sign-in."""
        if self._may_look(request):
            return await self.status(request)
        return RedirectResponse(f"{self._prefix}/sign-in", 303, headers=_SAFE)

    async def status(self, request: Request) -> Response:
        """For people."""
        if not self._may_look(request):
            return _elsewhere()
        found, problems = await anyio.to_thread.run_sync(look, self._daemon)
        boxes = await anyio.to_thread.run_sync(look_at_mailboxes, self._daemon)
        push = self._daemon.push.states.all()
        return HTMLResponse(page(found, problems, utc_now(), push, boxes), headers=_SAFE)

    async def status_json(self, request: Request) -> Response:
        """For programs."""
        if not self._may_look(request):
            return _elsewhere()
        found, problems = await anyio.to_thread.run_sync(look, self._daemon)
        boxes = await anyio.to_thread.run_sync(look_at_mailboxes, self._daemon)
        well = all(one.is_well for one in found) and all(box.is_well for box in boxes) and not problems
        told = {"ok": well, "problems": problems, "bindings": found, "mailboxes": boxes}
        return JSONResponse(as_data({**told, "push": self._daemon.push.states.all()}), headers=_SAFE)

    def _held(self) -> Mapping[tuple[str, str], int]:
        try:
            with self._daemon.workspace.database.read() as unit:
                return held_counts(unit.session.connection)
        except StoreError:  # the other figures are wanted now more than ever
            return {}

    def _may_look(self, request: Request) -> bool:
        """This machine only, unless the admin opened it; what an unknown proxy sends came from elsewhere."""
        server = self._daemon.workspace.settings.server
        if server.status_public:
            return True
        if not server.proxies and any(name in request.headers for name in _FORWARDED):
            return False
        try:
            return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
        except ValueError:
            return False


def _elsewhere() -> Response:
    return PlainTextResponse(_("Only from the machine that AgendaHub runs on.") + "\n", 403, headers=_SAFE)
