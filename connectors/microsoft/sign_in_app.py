"""msal's application for an account: which authority, which proof of who the program is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.microsoft.sign_in_scopes import authority_of
from connectors.settings import ConnectorSettings
from connectors.sign_in_http import SignInHttp
from sync_engine.errors import NotAuthorised, Unavailable

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


@contextmanager
def application(settings: ConnectorSettings) -> Iterator[Any]:
    """For one conversation: nothing of it is kept in memory. Raises NotAuthorised, Unavailable."""
    http = SignInHttp(settings)
    try:
        yield _made(settings, http)
    except (ValueError, RuntimeError) as err:  # msal: no such tenant, no JSON, no such certificate, a false id token
        raise _clear(settings, err) from None  # its text may quote what was sent
    finally:
        http.close()


def _made(settings: ConnectorSettings, http: SignInHttp) -> Any:
    import msal  # slow to load, and not every hub needs it

    common: dict[str, Any] = {
        "authority": authority_of(settings),
        "instance_discovery": False,  # else every authority of one's own is first looked up at Microsoft's
        "http_client": http,
    }
    proof = client_credential(settings)
    if proof is None:
        return msal.PublicClientApplication(settings.client_id, **common)
    return msal.ConfidentialClientApplication(settings.client_id, client_credential=proof, **common)


def client_credential(settings: ConnectorSettings) -> str | dict[str, str] | None:
    """How the program proves itself: a certificate, a secret, or not at all (device codes). Raises NotAuthorised."""
    if settings.auth == "device":
        return None
    if not settings.certificate:
        return settings.secret or None
    blocks = {found[1]: found[0] for found in _BLOCK.finditer(settings.certificate)}
    key = next((block for kind, block in blocks.items() if kind.endswith("PRIVATE KEY")), "")
    if not key or "CERTIFICATE" not in blocks:
        raise NotAuthorised(
            "The account's certificate must be a PEM text with both the private key and the certificate."
        )
    first = next(found[0] for found in _BLOCK.finditer(settings.certificate) if found[1] == "CERTIFICATE")
    words = {"passphrase": settings.secret} if settings.secret else {}
    return {"private_key": key, "public_certificate": first, **words}


def _clear(settings: ConnectorSettings, err: Exception) -> NotAuthorised | Unavailable:
    said = str(err)
    if "authority configuration" in said or "consist of" in said:
        return NotAuthorised(
            f"There is no sign-in at {authority_of(settings)}; check the tenant and the authority of the account."
        )
    if settings.certificate and ("key" in said.lower() or "PEM" in said or "password" in said.lower()):
        return NotAuthorised("The private key of the account's certificate cannot be read; is its password right?")
    return Unavailable("The sign-in service gave an answer that cannot be understood; it is tried again.")
