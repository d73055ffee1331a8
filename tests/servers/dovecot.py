"""Dovecot, as Debian has it, on free ports of 127.0.0.1: a real IMAP server with LMTP in front of it.

`make test` installs it (as root, on Debian). Everybody is a user whose password is `PASSWORD`, with an empty mailbox at
first, so that each test takes a name of its own.
"""

from __future__ import annotations

import base64
import getpass
import grp
import hashlib
import hmac
import json
import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers.certificates import certificates
from tests.servers.processes import PATIENCE, end, free_port

PASSWORD = "secret-4711"
DOMAIN = "example.org"
_PROGRAM = next((p for p in ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot") if Path(p).exists()), "")
_JWT_KEY = b"a key of the tests, at least 32 octets long"


def why_not() -> str:
    """The reason why it cannot be started here; "" when it can."""
    if not _PROGRAM:
        return (
            "Dovecot is not installed: run make test-programs as root on Debian, or install dovecot-imapd dovecot-lmtpd"
        )
    lmtp = Path("/usr/lib/dovecot/lmtp").exists() or Path("/usr/libexec/dovecot/lmtp").exists()
    return "" if lmtp else "Dovecot's LMTP is not installed: dovecot-lmtpd"


@dataclass(frozen=True)
class Dovecot:
    """It runs. IMAP on `port` in clear or with STARTTLS, on `tls_port` encrypted; mails come by LMTP on `lmtp_port`."""

    folder: Path
    port: int
    tls_port: int
    lmtp_port: int
    ca_file: Path

    @property
    def url(self) -> str:
        return f"imap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"imaps://127.0.0.1:{self.tls_port}"

    def deliver(self, raw: bytes, recipients: Sequence[str], sender: str = "") -> None:
        """As a mail server hands it over: addresses are `USER@example.org`."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as line:
            line.sendmail(sender or "", list(recipients), raw)

    def doveadm(self, *words: str) -> None:
        """An administrator's command."""
        command = ["doveadm", "-c", str(self.folder / "dovecot.conf"), *words]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr.decode(errors="replace")


def token(user: str, *, lasts: float = 3600.0, key: bytes = _JWT_KEY) -> str:
    """A token that Dovecot takes for a user's: a JSON web token (RFC 7519)."""
    now = int(time.time())
    claims = {"sub": user, "email": user, "iat": now - 10, "nbf": now - 10, "exp": int(now + lasts), "scope": "mail"}
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT", "kid": "tests"}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_base64(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@contextmanager
def dovecot(more: str = "") -> Iterator[Dovecot]:
    """For a while; `more` stands at the end of its configuration."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))  # not pytest's: names of sockets must be short
    folder.chmod(0o755)
    server_pem, ca_file = certificates(folder)
    found = Dovecot(folder, free_port(), free_port(), free_port(), ca_file)
    (folder / "dovecot.conf").write_text(_configuration(found, server_pem) + more)
    process = None
    try:
        with (folder / "out").open("wb") as out:
            command = [_PROGRAM, "-F", "-c", str(folder / "dovecot.conf")]
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        for port in (found.port, found.tls_port, found.lmtp_port):
            _wait(process, port, folder)
        yield found
    finally:
        if process is not None:
            end(process)  # its own children end with it
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    said = "".join(p.read_text(errors="replace") for p in (folder / "out", folder / "log") if p.exists())
    raise RuntimeError(f"Dovecot did not come up:\n{said[-2000:]}")


def _configuration(found: Dovecot, server_pem: Path) -> str:
    folder = found.folder
    root = os.geteuid() == 0
    owner = "mail" if root else getpass.getuser()
    group = "mail" if root else grp.getgrgid(os.getgid()).gr_name
    for name in ("mail", "keys/default/HS256"):
        (folder / name).mkdir(parents=True)
    if root:
        shutil.chown(folder / "mail", "mail", "mail")
    (folder / "keys/default/HS256/tests").write_bytes(base64.b64encode(_JWT_KEY))
    (folder / "oauth2.conf").write_text(_OAUTH2.format(folder=folder))
    for path in (folder / "keys").rglob("*"):
        path.chmod(0o755)  # whatever the process's umask is: the server reads them as a user of its own
    (folder / "keys").chmod(0o755)
    (folder / "oauth2.conf").chmod(0o644)
    users = _ROOT if root else _ANYBODY.format(owner=owner, group=group)
    return _COMMON.format(folder=folder, pem=server_pem, owner=owner, group=group, found=found) + users


_OAUTH2 = """introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
"""

_COMMON = """base_dir = {folder}/run
state_dir = {folder}/state
instance_name = {folder.name}
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_username_format = %Ln
auth_failure_delay = 0 secs
log_path = {folder}/log
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%n:LAYOUT=fs
mail_uid = {owner}
mail_gid = {group}
mail_fsync = never
mail_max_userip_connections = 100
imap_idle_notify_interval = 2 mins
default_process_limit = 40
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password=secret-4711
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {found.port}
  }}
  inet_listener imaps {{
    port = {found.tls_port}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {found.lmtp_port}
  }}
}}
"""

_ROOT = """default_internal_user = dovecot
default_login_user = dovenull
"""

_ANYBODY = """default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
