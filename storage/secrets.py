"""Passwords and tokens of accounts, encrypted: ChaCha20-Poly1305, the key in a file outside the database.

The row's name is bound to its ciphertext (associated data), so that nobody who can write the database can give one
account's password to another.
"""

from __future__ import annotations

import base64
import binascii
import os
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection, delete, insert, select, update

from storage.errors import StoreError
from storage.tables import secrets

_NONCE_BYTES = 12
_KEY_BYTES = 32


class KeyProblem(StoreError):
    """The key file is missing, unsafe or not the one that encrypted the secrets."""


def create_key_file(path: Path) -> None:
    """Make a new key, readable by its owner alone. Raises FileExistsError rather than overwrite one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> bytes:
    """The key of the file. Raises `KeyProblem` when others may read it or it is not a key."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyProblem(f"Others may read the key file {path}; run `chmod 600 {path}`.")
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError as err:
        raise KeyProblem(
            f"There is no key file {path}; restore it from your copy, or make one: `agendahub init`."
        ) from err
    except OSError as err:
        raise KeyProblem(f"The key file {path} cannot be read ({err.strerror}).") from err
    except binascii.Error as err:
        raise KeyProblem(f"{path} is not a key file; restore it from your copy.") from err
    if len(key) != _KEY_BYTES:
        raise KeyProblem(f"{path} is not a key file; restore it from your copy.")
    return key


def put(connection: Connection, key: bytes, name: str, value: str, now: datetime) -> None:
    """Store or replace a secret."""
    row = {"ciphertext": seal(key, name, value), "changed_at": now}
    if not connection.execute(update(secrets).where(secrets.c.name == name).values(**row)).rowcount:
        connection.execute(insert(secrets).values(name=name, **row))


def get(connection: Connection, key: bytes, name: str) -> str | None:
    """A secret, or None when there is none of this name. Raises `KeyProblem`."""
    sealed = connection.execute(select(secrets.c.ciphertext).where(secrets.c.name == name)).scalar_one_or_none()
    return None if sealed is None else unseal(key, name, sealed)


def remove(connection: Connection, name: str) -> bool:
    """Forget a secret. False when there was none of this name."""
    return bool(connection.execute(delete(secrets).where(secrets.c.name == name)).rowcount)


def seal(key: bytes, name: str, value: str) -> str:
    """Encrypt a value for the row of this name; for tables that keep secrets of their own."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = ChaCha20Poly1305(key).encrypt(nonce, value.encode(), name.encode())
    return base64.b64encode(nonce + sealed).decode("ascii")


def unseal(key: bytes, name: str, sealed: str) -> str:
    """What `seal` encrypted for this name. Raises `KeyProblem`."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        return ChaCha20Poly1305(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], name.encode()).decode()
    except (InvalidTag, ValueError) as err:
        raise KeyProblem(
            f"The secret {name!r} was encrypted with another key; give it anew: `agendahub account add`."
        ) from err
