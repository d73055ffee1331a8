"""Changes a configuration text and keeps everything else in it as its owner wrote it, comments too.

The functions go from text to text; `write` puts a text in place of the file at once or not at all.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table


def add_entry(text: str, section: str, values: Mapping[str, Any]) -> str:
    """Add an [[accounts]] or [[bindings]] entry."""
    document = tomlkit.parse(text)
    entry = tomlkit.table()
    for key, value in values.items():
        entry.add(key, value)
    entries = document.get(section)
    if isinstance(entries, AoT):
        _detach(entries)
        entries.append(entry)
        return tomlkit.dumps(document)
    first = tomlkit.aot()
    first.append(entry)
    rendered = tomlkit.document()
    rendered.append(section, first)
    return text.rstrip("\n") + "\n\n" + tomlkit.dumps(rendered)


def remove_entry(text: str, section: str, name: str) -> str:
    """Take out the entry of this name. Raises KeyError when there is none."""
    document = tomlkit.parse(text)
    entries = _entries(document, section)
    index = next((i for i, entry in enumerate(entries) if entry.get("name") == name), None)
    if index is None:
        raise KeyError(name)
    del entries[index]
    if not entries:
        del document[section]
    return tomlkit.dumps(document)


def set_value(text: str, section: str, name: str, key: str, value: Any) -> str:
    """Set one key of the entry of this name. Raises KeyError when there is none."""
    document = tomlkit.parse(text)
    entry = next((e for e in _entries(document, section) if e.get("name") == name), None)
    if entry is None:
        raise KeyError(name)
    if key in entry:
        entry[key] = value
    else:
        _insert_after_last_value(entry, key, value)
    return tomlkit.dumps(document)


def write(path: Path, text: str) -> None:
    """Replace the file in one step, safe against a crash half-way.

    A new file is for its owner alone; one that is there stays with its owner and group: the daemon may be somebody
    else than the admin who runs a command. A symbolic link stays one.
    """
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        _keep_rights(path, handle)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _keep_rights(path: Path, handle: int) -> None:
    with suppress(FileNotFoundError):
        before = path.stat()
        with suppress(PermissionError):  # only root gives files away
            os.fchown(handle, before.st_uid, before.st_gid)
        os.fchmod(handle, stat.S_IMODE(before.st_mode) & ~stat.S_IRWXO)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(document: tomlkit.TOMLDocument, section: str) -> AoT:
    entries = document.get(section)
    if not isinstance(entries, AoT):
        raise KeyError(section)
    return entries


def _insert_after_last_value(entry: Table, key: str, value: Any) -> None:
    """Before the comments and blank lines that follow the entry: they most likely belong to what comes next."""
    last = list(entry.keys())[-1]
    entry.value._insert_after(last, key, value)  # tomlkit has no public way to insert


def _detach(entries: AoT) -> None:
    """A blank line between the last entry and the new one."""
    body = tomlkit.dumps(entries[-1]) if entries else ""
    if body and not body.endswith("\n\n"):
        entries[-1].add(tomlkit.nl())
