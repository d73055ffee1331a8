"""agendahub serve: one process with the daemon and the web server, from start to a graceful end."""

from __future__ import annotations

import math
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn

from agendahub import logs
from agendahub.addresses import base_url
from agendahub.certificate_watch import CertificateWatch, context_of, pair_of
from agendahub.daemon import GRACE, Daemon
from agendahub.failure import Failure
from agendahub.texts import _
from agendahub.web import application
from agendahub.workspace import Workspace
from config.settings import ServerSettings
from storage import schema
from storage.errors import StoreUnavailable

_DRAIN = 5  # seconds that open requests get at the end
_LAST = GRACE + 2.0  # seconds after a signal when nothing is waited for any more
_ASK_AGAIN = 1.0  # seconds between two looks for a store that is not up yet
_REMIND = 60.0

log = structlog.get_logger("agendahub.server")


class _Server(uvicorn.Server):
    """Tells the daemon of a signal at once, so that cycles end while requests are drained."""

    def __init__(self, config: uvicorn.Config, daemon: Daemon) -> None:
        super().__init__(config)
        self._daemon = daemon

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT."""
        if not self._daemon.stopping:
            _end_for_sure()
        self._daemon.begin_stop()
        super().handle_exit(sig, frame)


def run(workspace: Workspace) -> None:
    """Serve until SIGTERM or SIGINT. Raises Failure when the address cannot be used."""
    logs.set_up(workspace.settings.log)
    _try_certificate(workspace)
    listener = _listen(workspace.settings.server)
    daemon = Daemon(workspace)
    server = _Server(_config(workspace, daemon), daemon)
    for number in (signal.SIGTERM, signal.SIGINT):  # until uvicorn takes over, and after it gave back
        signal.signal(number, server.handle_exit)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # "read the configuration again": the daemon does that by itself
    try:
        if _store_is_up(workspace, daemon):
            daemon.start()
            log.info("listening", url=base_url(workspace.settings.server), port=listener.getsockname()[1])
            with _certificate_renewed(workspace, server.config):
                server.run(sockets=[listener])
    finally:
        ended = daemon.stop()
        workspace.close()
    if not ended:
        os._exit(0)  # a thread waits for a slow server; what it was doing is settled at the next start


def _store_is_up(workspace: Workspace, daemon: Daemon) -> bool:
    """Wait for it: a machine may start its database after us. False when we were told to end before.

    Raises `StoreOutdated` and whatever else does not pass by itself.
    """
    told = -math.inf
    while not daemon.stopping:
        try:
            schema.check(workspace.database.url)
        except StoreUnavailable as err:
            if time.monotonic() - told >= _REMIND:
                log.warning("waiting for the store", reason=str(err))
                told = time.monotonic()
            time.sleep(_ASK_AGAIN)
        else:
            return True
    return False


def _end_for_sure() -> None:
    """Whatever hangs (a server, the database): the process is gone in time. What was broken off is settled later."""

    def end() -> None:
        log.warning("ended by force: something did not answer; it goes on at the next start")
        os._exit(0)

    timer = threading.Timer(_LAST, end)
    timer.daemon = True
    timer.start()


def _try_certificate(workspace: Workspace) -> None:
    """Before anything else starts, as with the port."""
    if workspace.settings.server.tls_cert:
        context_of(workspace.settings.server, workspace.loaded.folder)


def certificate_of(workspace: Workspace) -> tuple[str | None, str | None]:
    """Files of certificate and key; None when there is no TLS of our own."""
    if not workspace.settings.server.tls_cert:
        return None, None
    certificate, key = pair_of(workspace.settings.server, workspace.loaded.folder)
    return str(certificate), str(key)


@contextmanager
def _certificate_renewed(workspace: Workspace, config: uvicorn.Config) -> Iterator[None]:
    """While the server runs, its certificate is that of the files."""
    config.load()
    if config.ssl is None:
        yield
        return
    watch = CertificateWatch(config.ssl, workspace.settings.server, workspace.loaded.folder)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


def _listen(server: ServerSettings) -> socket.socket:
    """Bind before anything else starts, so that a port in use is one clear sentence."""
    family = socket.AF_INET6 if ":" in server.listen else socket.AF_INET
    listener = socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # named, or asyncio leaves Nagle's delay on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((server.listen, server.port))
    except OSError as err:
        listener.close()
        hint = _("Cannot listen on {listen}:{port} ({reason}); choose another [server] listen or port.")
        raise Failure(hint.format(listen=server.listen, port=server.port, reason=err.strerror)) from err
    return listener


def _config(workspace: Workspace, daemon: Daemon) -> uvicorn.Config:
    server = workspace.settings.server
    certificate, key = certificate_of(workspace)
    return uvicorn.Config(
        application(daemon),
        http="auto",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(server.proxies),
        forwarded_allow_ips=list(server.proxies),
        timeout_graceful_shutdown=_DRAIN,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
