"""DAV servers that come as Debian packages, started by scripts outside of the project where those are there.

`make test-servers` installs the packages (as root, on Debian) and sets AGENDAHUB_TEST_SERVERS: the folder of the
scripts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.processes import Server, free_port

PROGRAMS = {
    "cyrus": "/usr/lib/cyrus/bin/httpd",
    "sogo": "/usr/sbin/sogod",
    "davical": "/usr/share/davical/htdocs/caldav.php",
}
_PORTS = ("PGPORT_T", "CYRUS_HTTP", "CYRUS_IMAP", "SOGO_PORT", "SOGO_MC", "DAVICAL_PORT")
_URLS = {
    "cyrus": ("CYRUS_HTTP", "/dav/"),
    "sogo": ("SOGO_PORT", "/SOGo/dav/ada/"),
    "davical": ("DAVICAL_PORT", "/caldav.php/"),
}


def why_not(name: str) -> str:
    """The reason why a server cannot be started here; "" when it can."""
    folder = os.environ.get("AGENDAHUB_TEST_SERVERS", "")
    if not folder:
        return "run make test-servers"
    if not (Path(folder) / f"{name}.sh").is_file():
        return f"there is no {name}.sh in {folder}"
    if os.geteuid() != 0:
        return "the server's own user is needed, so this runs as root only"
    return "" if Path(PROGRAMS[name]).exists() else f"{name} is not installed"


@contextmanager
def debian_server(name: str) -> Iterator[Server]:
    """A server with one user, ada, and PostgreSQL below it where it needs that."""
    base = Path(tempfile.mkdtemp(prefix=f"agendahub-{name}-"))
    base.chmod(0o755)  # other users than ours run the servers
    environment = {**os.environ, "BASE": str(base), **{port: str(free_port()) for port in _PORTS}}
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, base, ignore_errors=True)
        for script in ("pg", name) if name in {"sogo", "davical"} else (name,):
            _run(script, environment, "start")
            stack.callback(_run, script, environment, "stop")
        _run(name, environment, "adduser", "ada", "secret")
        port, path = _URLS[name]
        yield Server(f"http://127.0.0.1:{environment[port]}{path}", "ada", "secret")


def _run(script: str, environment: Mapping[str, str], *arguments: str) -> None:
    command = [str(Path(environment["AGENDAHUB_TEST_SERVERS"]) / f"{script}.sh"), *arguments]
    log = Path(environment["BASE"]) / f"{script}-script.log"
    with log.open("ab") as out:
        done = subprocess.run(
            ["bash", *command], env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=120
        )
    assert done.returncode == 0, f"{command}:\n{log.read_text(errors='replace')[-2000:]}"
