"""How devices reach the gateway."""

from __future__ import annotations

import socket

from config.settings import ServerSettings


def base_url(server: ServerSettings) -> str:
    """The address to type on a phone: [server] base_url, else made from listen, port and TLS."""
    if server.base_url:
        return server.base_url.rstrip("/") + "/"
    scheme = "https" if server.tls_cert else "http"
    host = socket.getfqdn() if server.listen in {"0.0.0.0", "::"} else server.listen  # noqa: S104 - compared, not bound
    host = f"[{host}]" if ":" in host else host
    standard = server.port == (443 if server.tls_cert else 80)
    return f"{scheme}://{host}{'' if standard else f':{server.port}'}/"
