"""DavMail, a client of EWS that is not ours: CalDAV, CardDAV, IMAP and SMTP here, Exchange there (Debian package)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.processes import free_port

PROGRAM = "davmail-server"
PATIENCE = 60.0  # seconds until it listens: a Java program on a machine that has much to do
_SETTINGS = """davmail.server=true
davmail.mode=EWS
davmail.url={exchange}
davmail.caldavPort={port}
davmail.imapPort={imap}
davmail.ldapPort=
davmail.popPort=
davmail.smtpPort={smtp}
davmail.allowRemote=false
davmail.bindAddress=127.0.0.1
davmail.disableUpdateCheck=true
davmail.enableProxy=false
davmail.useSystemProxies=false
davmail.caldavPastDelay=0
davmail.logFilePath={folder}/davmail.log
log4j.logger.davmail=WARN
log4j.rootLogger=WARN
"""


def why_not() -> str:
    """The reason why it cannot be started here; "" when it can."""
    if not os.environ.get("AGENDAHUB_TEST_SERVERS"):
        return "run make test-servers"
    return "" if shutil.which(PROGRAM) else "davmail-server is not installed"


@contextmanager
def davmail(exchange: str) -> Iterator[str]:
    """The address of its CalDAV and CardDAV, for an Exchange at this one."""
    port = free_port()
    with _running(exchange, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def davmail_for_mail(exchange: str) -> Iterator[tuple[int, int]]:
    """The ports of its IMAP and SMTP."""
    imap, smtp = free_port(), free_port()
    with _running(exchange, free_port(), imap, smtp):
        yield imap, smtp


@contextmanager
def _running(exchange: str, port: int, imap: int | str = "", smtp: int | str = "") -> Iterator[None]:
    folder = Path(tempfile.mkdtemp(prefix="agendahub-davmail-"))
    settings, log = folder / "davmail.properties", folder / "out.log"
    settings.write_text(_SETTINGS.format(exchange=exchange, port=port, folder=folder, imap=imap, smtp=smtp))
    with log.open("wb") as out:
        process = subprocess.Popen([PROGRAM, str(settings)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            for one in (port, imap, smtp):
                if isinstance(one, int):
                    _wait(process, one, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"DavMail did not come up: {log.read_text(errors='replace')[-2000:]}")
