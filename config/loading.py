"""Reads a configuration file and checks it as a whole; every problem is named with its line."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from config import fanout_checks, mail_accounts, mailbox_checks
from config.errors import ConfigError, Problem
from config.lines import Path as KeyPath
from config.lines import line_of, lines_of
from config.settings import ENVIRONMENT_PREFIX, BindingSettings, Settings, anchored
from config.sign_in import account_problems

_SECTIONS = tuple(Settings.model_fields)
_HIDDEN = {"secret", "certificate"}  # what may hold a secret that was written in the wrong place


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used, and where it came from."""

    settings: Settings
    path: Path
    text: str

    @property
    def folder(self) -> Path:
        """What paths in the configuration are relative to."""
        return self.path.parent

    @property
    def database_url(self) -> str:
        """The store's URL; a SQLite file becomes absolute."""
        url = self.settings.store.url
        match = re.fullmatch(r"(sqlite(?:\+\w+)?):///(?!/)(?!:memory:)(.+)", url)
        return f"{match[1]}:///{anchored(self.folder, match[2])}" if match else url

    @property
    def key_file(self) -> Path:
        """The file with the key to the store's secrets."""
        return anchored(self.folder, self.settings.store.key_file)


def load(path: Path) -> Loaded:
    """Read, check. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(path, [Problem(f"the file cannot be read ({_reason(err)})")]) from err
    return Loaded(parse(text, path), path.absolute(), text)


def parse(text: str, path: Path | None = None) -> Settings:
    """Check a configuration text. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ConfigError(path, [_syntax(err, text)]) from err
    lines = lines_of(text)
    try:
        settings = Settings(**document)
    except ValidationError as err:
        raise ConfigError(path, _problems(err, document, lines)) from err
    except SettingsError as err:
        raise ConfigError(path, [Problem(f"an environment variable cannot be read: {err}")]) from err
    problems = [
        Problem(message, _written(path_of, document), _shown(path_of, document), line_of(lines, path_of))
        for path_of, message in _inconsistencies(settings)
    ]
    if problems:
        raise ConfigError(path, problems)
    return settings


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Environment variables that look like settings and are none: most likely misspelt."""
    known = {"AGENDAHUB_CONFIG", *(f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in _SECTIONS)}
    found = (name for name in environment if name.startswith(ENVIRONMENT_PREFIX))
    return sorted(name for name in found if name.split("__")[0] not in known and "__" in name)


def _reason(err: OSError | UnicodeDecodeError) -> str:
    return err.strerror or str(err) if isinstance(err, OSError) else "it is not UTF-8 text"


def _syntax(err: tomllib.TOMLDecodeError, text: str) -> Problem:
    match = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(err))
    number = int(match[1]) if match and match[1] else text.count("\n") + 1
    said = str(err)[: match.start()].strip() if match else str(err)
    written = text.split("\n")[number - 1].strip()
    shown = "" if re.search("secret|password|token", written, re.IGNORECASE) else f": {written[:100]}"
    return Problem(f"not valid TOML ({said}){shown}", line=number)


def _problems(err: ValidationError, document: Mapping[str, Any], lines: Mapping[KeyPath, int]) -> list[Problem]:
    """In the order of the file; a list that is too short only because its entries are bad is not told twice."""
    errors = err.errors()
    wrong_inside = {error["loc"][:-1] for error in errors}
    told = (error for error in errors if error["type"] != "too_short" or error["loc"] not in wrong_inside)
    return sorted((_problem(error, document, lines) for error in told), key=lambda problem: problem.line or 0)


def _problem(error: Any, document: Mapping[str, Any], lines: Mapping[KeyPath, int]) -> Problem:
    path: KeyPath = tuple(part for part in error["loc"] if not _is_machinery(part))
    message = _MESSAGES.get(error["type"], error["msg"]).format(**error.get("ctx", {}))
    message = message.removeprefix("Value error, ")
    variable = _variable(path)
    line = None if variable else line_of(lines, path)
    if variable:
        message += f" (set by the environment variable {variable})"
    value = "" if error["type"] in {"missing", "extra_forbidden"} else _value(path, error["input"])
    return Problem(message, _written(path, document), value, line)


def _variable(path: KeyPath) -> str:
    """The environment variable that sets this value, if one does; it outranks the file."""
    parts = [str(part).upper() for part in path]
    names = {ENVIRONMENT_PREFIX + "__".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
    return next((name for name in os.environ if name.upper() in names), "")


def _is_machinery(part: str | int) -> bool:
    return isinstance(part, str) and (part.startswith("function-") or part in {"float", "constrained-float"})


_MESSAGES = {
    "missing": "this setting is missing",
    "extra_forbidden": "there is no such setting; see example.toml for all of them",
    "literal_error": "must be {expected}",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "string_type": "must be a text in quotes",
    "tuple_type": "must be a list in [brackets]",
    "model_type": "must be a section of its own, in [brackets]",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def _look_up(path: KeyPath, document: Any) -> tuple[bool, Any]:
    for part in path:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, document


def _shown(path: KeyPath, document: Any) -> str:
    present, value = _look_up(path, document)
    return _value(path, value) if present else ""


def _value(path: KeyPath, value: Any) -> str:
    if path and path[-1] in _HIDDEN:
        return "(not shown)"
    if isinstance(value, dict):
        return ""
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return re.sub(r"(://[^/@\s\"]*:)[^@/\s\"]+@", r"\1***@", shown)[:120]


def _written(path: KeyPath, document: Any) -> str:
    """A path as a person would say it: accounts "work" url, sync.interval."""
    if len(path) >= 2 and isinstance(path[1], int):
        _, name = _look_up((*path[:2], "name"), document)
        which = f'"{name}"' if isinstance(name, str) else f"number {path[1] + 1}"
        return " ".join([f"{path[0]} {which}", ".".join(str(part) for part in path[2:])]).strip()
    return ".".join(str(part) for part in path)


def _inconsistencies(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong between settings that are each right."""
    for section in ("accounts", "bindings", "fanouts", "mailboxes"):
        yield from _repeated(section, [entry.name for entry in getattr(settings, section)])
    for number, account in enumerate(settings.accounts):
        yield from ((("accounts", number, name), said) for name, said in account_problems(account))
    names = {account.name for account in settings.accounts}
    for number, binding in enumerate(settings.bindings):
        if binding.account not in names:
            yield ("bindings", number, "account"), "there is no [[accounts]] entry of this name"
        if "contact" in binding.kinds and len(binding.kinds) > 1:
            yield ("bindings", number, "kinds"), "contacts and calendar entries cannot share a collection"
    yield from _double_bindings(settings)
    yield from _mixed_collections(settings)
    yield from fanout_checks.inconsistencies(settings)
    yield from mail_accounts.inconsistencies(settings)
    yield from mailbox_checks.inconsistencies(settings)
    if bool(settings.server.tls_cert) != bool(settings.server.tls_key):
        missing = "tls_key" if settings.server.tls_cert else "tls_cert"
        yield ("server", missing), "tls_cert and tls_key are only of use together"


def _mixed_collections(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """A hub collection is an address book or a calendar, whoever is bound to it."""
    first: dict[tuple[str, str], BindingSettings] = {}
    for number, binding in enumerate(settings.bindings):
        other = first.setdefault((binding.owner, binding.collection), binding)
        if ("contact" in other.kinds) != ("contact" in binding.kinds):
            said = f'binding "{other.name}" makes it a collection of {", ".join(other.kinds)}, this one carries '
            said += f"{', '.join(binding.kinds)}: contacts and calendar entries cannot share a collection"
            yield ("bindings", number, "collection"), said


def _repeated(section: str, names: list[str]) -> Iterator[tuple[KeyPath, str]]:
    for name, count in Counter(names).items():
        if count > 1:
            second = names.index(name, names.index(name) + 1)
            yield (section, second, "name"), "this name is already taken; each name may stand once"


def _double_bindings(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    seen: dict[tuple[str, str, str, str], str] = {}
    for number, binding in enumerate(settings.bindings):
        ends = (binding.account, binding.remote, binding.owner, binding.collection)
        if ends in seen:
            yield ("bindings", number, "remote"), f'binding "{seen[ends]}" already ties these two collections'
        seen.setdefault(ends, binding.name)
