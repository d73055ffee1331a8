"""Where the configuration file is."""

from __future__ import annotations

import os
from pathlib import Path

from agendahub.failure import Failure
from agendahub.texts import _

FILE_NAME = "agendahub.toml"


def find_config(given: Path | None) -> Path:
    """--config, else AGENDAHUB_CONFIG, else the first of the usual places that exists. Raises Failure."""
    named = given or _from_environment()
    if named is not None:
        if not named.is_file():
            raise Failure(
                _("There is no configuration file {path}; make one with `agendahub init`.").format(path=named)
            )
        return named.absolute()
    places = usual_places()
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        looked = _(" or ").join(str(place) for place in places)
        raise Failure(_("There is no configuration ({places}); make one with `agendahub init`.").format(places=looked))
    return found.absolute()


def new_config(given: Path | None) -> Path:
    """Where `init` writes."""
    return (given or _from_environment() or Path(FILE_NAME)).absolute()


def usual_places() -> list[Path]:
    """./agendahub.toml, then the user's own configuration folder."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return [Path(FILE_NAME), Path(base) / "agendahub" / FILE_NAME]


def _from_environment() -> Path | None:
    named = os.environ.get("AGENDAHUB_CONFIG")
    return Path(named).expanduser() if named else None
