"""Certificates for servers on this machine, by an authority that nobody else knows."""

from __future__ import annotations

from pathlib import Path

import trustme


def certificates(folder: Path) -> tuple[Path, Path]:
    """The server's, with its key, and the authority's: PEM files."""
    authority, server, ca = trustme.CA(), folder / "server.pem", folder / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(server)
    authority.cert_pem.write_to_path(ca)
    return server, ca
