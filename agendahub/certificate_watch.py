"""A renewed TLS certificate is used without a restart: new connections get it, open ones go on with the old one."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import structlog

from agendahub.failure import Failure
from agendahub.texts import _
from config.settings import ServerSettings, anchored

LOOK = 30.0  # seconds between two looks at the files

log = structlog.get_logger("agendahub.server")


def pair_of(server: ServerSettings, folder: Path) -> tuple[Path, Path]:
    """The files of certificate and key."""
    return anchored(folder, server.tls_cert), anchored(folder, server.tls_key)


def context_of(server: ServerSettings, folder: Path) -> ssl.SSLContext:
    """With the pair as it is now. Raises Failure when it cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(*pair_of(server, folder), password=lambda: "")
    except OSError as err:
        hint = _(
            "[server] tls_cert {cert} and tls_key {key} cannot be used ({reason}); both are PEM files of one pair."
        )
        reason = err.strerror or err
        raise Failure(hint.format(cert=server.tls_cert, key=server.tls_key, reason=reason)) from err
    return context


class CertificateWatch:
    """Looks at both files now and then."""

    def __init__(self, running: ssl.SSLContext, server: ServerSettings, folder: Path) -> None:
        """`running`: the server's, with the pair as it is now."""
        self._running = running
        self._server, self._folder = server, folder
        self._used = self._state()
        self._refused: object = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="certificate", daemon=True)

    def start(self) -> None:
        """Until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Ends at once."""
        self._end.set()

    def look(self) -> bool:
        """Whether a new pair is used from now on. What cannot be used is told once, and the old one goes on."""
        found = self._state()
        if found in (self._used, self._refused):
            return False
        try:
            fresh = context_of(self._server, self._folder)
        except Failure as err:  # perhaps only one of the two is written yet: looked at again when the other one is
            self._refused = found
            log.warning("the renewed certificate is not used, the old one goes on", reason=str(err))
            return False
        self._use(fresh)
        self._used, self._refused = found, None
        log.info("the certificate was renewed and is in use", certificate=self._server.tls_cert)
        return True

    def _use(self, fresh: ssl.SSLContext) -> None:
        """Each handshake goes over to it. Loaded into the old context, a key of another kind would stand beside it."""

        def go_over(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            connection.context = fresh

        self._running.sni_callback = go_over

    def _watch(self) -> None:
        while not self._end.wait(LOOK):
            self.look()

    def _state(self) -> tuple[object, ...]:
        """What changes when a file is written, or a link points elsewhere (as Let's Encrypt's do)."""
        return tuple(map(_stamp, pair_of(self._server, self._folder)))


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
