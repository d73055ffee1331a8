"""/sign-in/.../callback: where a browser comes back to after a sign-in that the admin API began.

Anybody can call it: what counts is the state, which is random, good once and for ten minutes. Microsoft's answer comes
as a form (``response_mode=form_post``), so that its code stands in no address and no log; Google's is in the address,
which we log nowhere. A code alone is worth nothing: the verifier (PKCE) never left us.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import anyio.to_thread
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from agendahub.daemon import Daemon
from agendahub.sign_in_page import HEADERS, page
from agendahub.sign_ins import CALLBACKS
from agendahub.texts import _
from connectors.person_sign_in import WrongState
from dav_gateway.incoming import TooLargeError, read_body
from storage.errors import StoreError
from sync_engine.errors import SyncError, Throttled, Unavailable

_LARGEST = 64 * 1024  # octets of an answer

log = structlog.get_logger("agendahub.sign_ins")


def routes(daemon: Daemon, prefix: str = "") -> list[BaseRoute]:
    """To be put beside others. `prefix`: what a proxy may put before every path."""
    door = _Door(daemon)
    starts = dict.fromkeys(("", prefix.rstrip("/")))
    both = ["GET", "POST"]
    return [Route(f"{start}{path}", door.answer, methods=both) for start in starts for path in CALLBACKS.values()]


class _Door:
    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    async def answer(self, request: Request) -> Response:
        """One browser."""
        if request.method == "GET" and _holds_an_answer(request):
            return await anyio.to_thread.run_sync(self._finish, request.url.query.encode())
        if request.method != "POST":
            return _shown(405, _("Begin a sign-in with the admin API or `agendahub account sign-in`."))
        try:
            body = await read_body(request.receive, dict(request.headers), _LARGEST)
        except TooLargeError:
            return _shown(413, _("This is no answer to a sign-in."))
        return await anyio.to_thread.run_sync(self._finish, body)

    def _finish(self, body: bytes) -> Response:
        """In a worker thread."""
        answer = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            account, who = self._daemon.sign_ins.finish(self._daemon.workspace, answer)
        except (WrongState, StoreError) as err:
            return _shown(503 if isinstance(err, StoreError) else 400, str(err))
        except (Unavailable, Throttled) as err:
            return _shown(503, str(err))
        except SyncError as err:
            log.warning("a sign-in was refused", reason=str(err))
            return _shown(400, str(err))
        except Exception:  # whatever it was: a plain page for the person, the rest for the log
            log.exception("a sign-in broke off unexpectedly")
            return _shown(500, _("Something went wrong that AgendaHub did not expect; the log has the details."))
        told = _("{who} is signed in for account {account}. It goes on within seconds; you can close this window.")
        return _shown(200, told.format(who=who, account=account), well=True)


def _holds_an_answer(request: Request) -> bool:
    """Google's; elsewhere an address is none, so that nobody comes to rely on it."""
    return request.url.path.endswith(CALLBACKS["Google"]) and 0 < len(request.url.query) <= _LARGEST


def _shown(status: int, text: str, *, well: bool = False) -> Response:
    return HTMLResponse(page(text, well=well), status, headers=HEADERS)
