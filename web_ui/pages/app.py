"""All pages, and what stands before each: over https, who is signed in, whose form it is. None can be left out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl

import anyio.to_thread
import structlog
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from storage.database import run
from storage.errors import StoreError
from storage.web_sessions import TOUCH_AFTER, WebSession, session_with, touch_session
from web_ui.body import read_body
from web_ui.hub import Refusal
from web_ui.pages import cookies, devices, signing
from web_ui.pages.desk import Desk
from web_ui.pages.guard import check_sender, is_secure
from web_ui.pages.rendering import answer
from web_ui.pages.turning import turned
from web_ui.pages.visit import Shown, Turned, Visit, hash_of
from web_ui.row_number import register

Handler = Callable[[Visit], Shown]

_BODY = 16 * 1024  # octets of a form
_FIELDS = 50
_THREADS = 8  # at once

log = structlog.get_logger("agendahub.web")
register()


@dataclass(frozen=True, slots=True)
class Page:
    """One method of one address. `open`: for everybody, signed in or not; such a form proves itself otherwise."""

    method: str
    path: str
    handler: Handler
    open: bool = False


PAGES: tuple[Page, ...] = (
    Page("GET", "/sign-in", signing.form, open=True),
    Page("POST", "/sign-in", signing.sign_in, open=True),
    Page("POST", "/sign-out", signing.sign_out),
    Page("POST", "/sign-out/everywhere", signing.sign_out_everywhere),
    Page("GET", "/password", signing.password_form),
    Page("POST", "/password", signing.change_password),
    Page("GET", "/devices", devices.show),
    Page("GET", "/devices/add", devices.add_form),
    Page("POST", "/devices/add", devices.add),
    Page("GET", "/devices/{number:row}/remove", devices.remove_form),
    Page("POST", "/devices/{number:row}/remove", devices.remove),
    Page("GET", "/profile/{token:str}", devices.profile_page, open=True),
    Page("GET", "/profile/{token:str}/AgendaHub.mobileconfig", devices.profile_file, open=True),
)


def routes(desk: Desk, prefix: str = "") -> list[BaseRoute]:
    """To be put beside others. `prefix`: what a proxy may put before every path."""
    root = prefix.rstrip("/")
    site = _Site(desk, root)
    starts = dict.fromkeys(("", root))
    return [Route(start + page.path, site.endpoint(page), methods=[page.method]) for start in starts for page in PAGES]


class _Site:
    def __init__(self, desk: Desk, root: str) -> None:
        self._desk = desk
        self._root = root
        self._threads = CapacityLimiter(_THREADS)

    def endpoint(self, page: Page) -> Callable[..., object]:
        """What answers the requests for a page."""

        async def asked(request: Request) -> Response:
            visit = self._visit(request)
            try:
                if page.method == "POST":
                    body = await read_body(request.receive, request.headers, _BODY)
                    visit.form = _fields(request.headers.get("content-type", ""), body)
                return await anyio.to_thread.run_sync(self._work, page, visit, request, limiter=self._threads)
            except (Turned, Refusal) as err:
                return answer(visit, turned(visit, err))

        return asked

    def _visit(self, request: Request) -> Visit:
        host = request.headers.get("host", "")
        return Visit(
            desk=self._desk,
            method=request.method,
            origin=f"{request.url.scheme}://{host}",
            secure=True,
            root=self._root,
            client=request.client.host if request.client else "",
            headers=dict(request.headers.items()),
            form={},
            path={name: str(value) for name, value in request.path_params.items()},
            query=request.query_params,
        )

    def _work(self, page: Page, visit: Visit, request: Request) -> Response:
        """In a worker thread. Whatever goes wrong becomes a page."""
        try:
            return answer(visit, self._answer(page, visit, request.url.scheme, request.headers.get("host", "")))
        except (Turned, StoreError) as err:
            return answer(visit, turned(visit, err))
        except Exception as err:
            log.exception("a web page broke off unexpectedly", page=page.path)
            return answer(visit, turned(visit, err))

    def _answer(self, page: Page, visit: Visit, scheme: str, host: str) -> Shown:
        visit.secure = is_secure(scheme, host, visit.client, visit.headers, behind_proxies=visit.desk.behind_proxies)
        if page.method != "GET":
            check_sender(visit)
        visit.session = _session(visit)
        if not page.open:
            if visit.session is None:
                return Shown(location="/sign-in")
            if page.method != "GET" and not visit.proves_form(visit.session.csrf):
                raise Turned(403, "form")
        return page.handler(visit)


def _fields(content_type: str, body: bytes) -> dict[str, str]:
    """Of a form as browsers send it; of a name that comes twice the last one."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Turned(415, "form")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError as err:
        raise Turned(422, "form") from err


def _session(visit: Visit) -> WebSession | None:
    """Whose cookie it is. Its last use is written now and then."""
    cookie = visit.cookie(cookies.SESSION)
    if not cookie:
        return None
    hashed, now = hash_of(cookie), visit.now
    with visit.desk.database.read() as unit:
        found = session_with(unit.session.connection, hashed, now)
    if found is not None and now - found.used_at >= TOUCH_AFTER:
        with suppress(StoreError):  # a full disk must not keep people from reading
            run(visit.desk.database, lambda unit: touch_session(unit.session.connection, hashed, now))
    return found
