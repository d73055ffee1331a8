"""An Apple configuration profile: calendar and contacts accounts in one file to open on an iPhone, iPad or Mac."""

from __future__ import annotations

import os
import plistlib
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import structlog

from agendahub.workspace import Workspace
from config.settings import ServerSettings, anchored

log = structlog.get_logger("agendahub.devices")


def profile(url: str, user: str, password: str, device: str) -> bytes:
    """The profile as a property list (Apple: Configuration Profile Reference, CalDAV and CardDAV payloads)."""
    parts = urlsplit(url)
    payloads = [
        _payload("CalDAV", "com.apple.caldav.account", parts, user, password),
        _payload("CardDAV", "com.apple.carddav.account", parts, user, password),
    ]
    outer = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"agendahub.{parts.hostname}.{user}.{device}",
        "PayloadUUID": str(uuid.uuid4()).upper(),
        "PayloadDisplayName": "AgendaHub",
        "PayloadDescription": f"Calendars and contacts of {user}",
        "PayloadContent": payloads,
    }
    return plistlib.dumps(outer)


def signed(document: bytes, certificate: Path, key: Path) -> bytes:
    """The profile in an envelope of the server's own certificate (RFC 5652), so that a phone says who made it.

    `certificate` and `key` are the PEM files of [server] tls_cert and tls_key. Raises OSError when they cannot be read,
    and ValueError when they do not go together or are of a kind that cannot sign.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

    own, *chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    secret = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(secret, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise ValueError("only RSA and elliptic-curve keys sign profiles")  # noqa: TRY004 - of the file, not of a call
    builder = pkcs7.PKCS7SignatureBuilder().set_data(document).add_signer(own, secret, hashes.SHA256())
    for above in chain:
        builder = builder.add_certificate(above)
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def as_installed(document: bytes, settings: ServerSettings, folder: Path) -> bytes:
    """Signed where the server has a certificate that can sign, else as it is: a phone then calls it unsigned."""
    if not settings.tls_cert:
        return document
    try:
        return signed(document, anchored(folder, settings.tls_cert), anchored(folder, settings.tls_key))
    except (OSError, ValueError, TypeError) as err:  # TypeError: a key with a password
        log.warning("a profile was not signed with [server] tls_cert", reason=str(err))
        return document


def made(workspace: Workspace, url: str, user: str, password: str, device: str) -> bytes:
    """The profile of one device, as it is given to it."""
    document = profile(url, user, password, device)
    return as_installed(document, workspace.settings.server, workspace.loaded.folder)


def write(path: Path, content: bytes) -> None:
    """Readable by its owner alone: it contains the app password."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)


def _payload(prefix: str, kind: str, parts: Any, user: str, password: str) -> dict[str, object]:
    tls = parts.scheme == "https"
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{kind}.{parts.hostname}.{user}",
        "PayloadUUID": str(uuid.uuid4()).upper(),
        "PayloadDisplayName": prefix,
        f"{prefix}AccountDescription": "AgendaHub",
        f"{prefix}HostName": parts.hostname,
        f"{prefix}Port": parts.port or (443 if tls else 80),
        f"{prefix}UseSSL": tls,
        f"{prefix}PrincipalURL": f"{parts.path.rstrip('/')}/dav/principals/{quote(user, safe='')}/",
        f"{prefix}Username": user,
        f"{prefix}Password": password,
    }
