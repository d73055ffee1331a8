"""A renewed certificate is used by the running server."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from agendahub.certificate_watch import CertificateWatch
from config import load
from tests.servers.pages import Site, running_site


def issued(folder: Path, kind: trustme.KeyType = trustme.KeyType.ECDSA) -> tuple[bytes, bytes]:
    """A new pair of a new authority, whose certificate is then in ca.pem."""
    authority = trustme.CA(key_type=kind)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    made = authority.issue_cert("127.0.0.1", "hub.example.org", key_type=kind)
    return b"".join(one.bytes() for one in made.cert_chain_pems), made.private_key_pem.bytes()


def is_trusted(site: Site, name: str = "") -> bool:
    """Whether a new connection meets a certificate of the authority in ca.pem; `name`: what it asks for (SNI)."""
    context = ssl.create_default_context(cafile=str(site.folder / "ca.pem"))
    context.check_hostname = bool(name)
    parts = urlsplit(site.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        try:
            with context.wrap_socket(line, server_hostname=name or None) as secure:
                secure.sendall(b"GET /healthz HTTP/1.0\r\nHost: hub\r\n\r\n")
                return secure.recv(8).startswith(b"HTTP/1")
        except ssl.SSLCertVerificationError:
            return False


@pytest.mark.parametrize("kind", list(trustme.KeyType))
def test_a_renewed_certificate_is_in_use_without_a_restart(tmp_path: Path, kind: trustme.KeyType) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate_octets, key_octets = issued(tmp_path)
    certificate.write_bytes(certificate_octets)
    key.write_bytes(key_octets)
    with running_site(tmp_path, 'tls_cert = "cert.pem"\ntls_key = "key.pem"') as site:
        assert site.tls is not None
        watch = CertificateWatch(site.tls, load(tmp_path / "agendahub.toml").settings.server, tmp_path)
        assert is_trusted(site)
        assert not watch.look()
        new_certificate, new_key = issued(tmp_path, kind)
        certificate.write_bytes(new_certificate)  # the key is not there yet
        assert not watch.look()
        assert not is_trusted(site)  # the old one goes on: it does not break
        key.write_bytes(new_key)
        assert watch.look()
        assert is_trusted(site)
        assert is_trusted(site, "hub.example.org")
        key.unlink()
        assert not watch.look()
        assert is_trusted(site)
