"""nginx and Caddy on loopback, set up by the samples of docs/proxy.md."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "docs" / "proxy.md"
NAME = "hub.example.org"


def samples(kind: str) -> list[str]:
    """The code blocks of a kind, in the order of the page."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", SAMPLES.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@contextmanager
def proxy(kind: str, sample: str, folder: Path, hub: int, pair: Path) -> Iterator[int]:
    """A sample with other ports, names and files. Gives its port; ended by its own id."""
    port = _free_port()
    home = folder / kind
    home.mkdir(exist_ok=True)
    command = (_nginx if kind == "nginx" else _caddy)(sample, home, port, hub, pair)
    environment = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    try:
        _wait(process, port, home / "log")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _nginx(sample: str, home: Path, port: int, hub: int, pair: Path) -> list[str]:
    text = sample.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;").replace("    listen [::]:443 ssl;\n", "")
    text = re.sub(r"(ssl_certificate(_key)? +)\S+;", rf"\g<1>{pair};", text).replace(":8008", f":{hub}")
    assert "8008" not in text
    assert str(port) in text
    folders = "".join(
        f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    owner = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(
        f"{owner}daemon off;master_process off;pid {home}/pid;error_log stderr;events{{}}\n"
        f"http{{access_log off;{folders}\n{text}}}\n"
    )
    command = [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(home), "-c", str(home / "nginx.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    return command


def _caddy(sample: str, home: Path, port: int, hub: int, pair: Path) -> list[str]:
    text = sample.replace(f"{NAME} {{", f"https://127.0.0.1:{port} {{\n    tls {pair} {pair}").replace(
        ":8008", f":{hub}"
    )
    (home / "Caddyfile").write_text(f"{{\n    admin off\n    auto_https off\n}}\n{text}")
    return [shutil.which("caddy") or "caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile"]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _try in range(400):
        assert process.poll() is None, log.read_text()
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
    return port
