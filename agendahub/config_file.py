"""Commands that change the configuration: the new text is checked before it takes the old one's place."""

from __future__ import annotations

from typing import Any

from tomlkit.exceptions import TOMLKitError

from agendahub.failure import Failure
from agendahub.texts import _
from config import ConfigError, Settings, parse
from config.editing import add_entry, remove_entry, set_value, write
from config.loading import Loaded


def add(loaded: Loaded, section: str, values: dict[str, Any]) -> Settings:
    """Add an entry. Raises Failure when the configuration would not be right with it."""
    return _replace(loaded, add_entry(loaded.text, section, values))


def check_entry(loaded: Loaded, section: str, values: dict[str, Any]) -> None:
    """Raises Failure when the configuration would not be right with this entry; changes nothing."""
    _checked(add_entry(loaded.text, section, values))


def remove(loaded: Loaded, *entries: tuple[str, str]) -> Settings:
    """Remove (section, name) entries that are known to be there."""
    text = loaded.text
    for section, name in entries:
        text = _edited(loaded, lambda text=text, s=section, n=name: remove_entry(text, s, n))
    return _replace(loaded, text)


def change(loaded: Loaded, section: str, name: str, key: str, value: Any) -> Settings:
    """Set one key of an entry that is known to be there."""
    return _replace(loaded, _edited(loaded, lambda: set_value(loaded.text, section, name, key, value)))


def _edited(loaded: Loaded, edit: Any) -> str:
    try:
        text: str = edit()
    except (KeyError, TOMLKitError) as err:
        hint = _("{path} is written in a way that cannot be changed by a command; change it with an editor.")
        raise Failure(hint.format(path=loaded.path)) from err
    return text


def _replace(loaded: Loaded, text: str) -> Settings:
    settings = _checked(text)
    write(loaded.path, text)
    return settings


def _checked(text: str) -> Settings:
    try:
        return parse(text)
    except ConfigError as err:
        problems = "; ".join(f"{p.key}{f' = {p.value}' if p.value else ''}: {p.message}" for p in err.problems)
        raise Failure(_("The configuration was not changed: {problems}.").format(problems=problems)) from err
