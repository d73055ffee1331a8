"""What every command gets: where the configuration is, and the workspace once it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.failure import Failure
from agendahub.locations import find_config
from agendahub.texts import _

if TYPE_CHECKING:
    from agendahub.workspace import Workspace
    from config.loading import Loaded

AsJson = Annotated[bool, typer.Option("--json", help=_("JSON for programs instead of a table."))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=_("Do it without asking."))]


class Options:
    """The options that stand before the command."""

    def __init__(self, config: Path | None) -> None:
        self.config = config
        self._workspace: Workspace | None = None

    def workspace(self, *, checked: bool = True) -> Workspace:
        """The configuration in use. Raises Failure, ConfigError, and when `checked` StoreOutdated."""
        if self._workspace is None:
            from agendahub.workspace import Workspace

            self._workspace = Workspace(self.loaded())
        if checked:
            _check_schema(self._workspace)
            self._workspace.follow_members()
        return self._workspace

    def loaded(self) -> Loaded:
        """Read the configuration."""
        from config import load

        return load(find_config(self.config))

    def close(self) -> None:
        """Give back what was opened."""
        if self._workspace is not None:
            self._workspace.close()


def workspace_of(context: typer.Context) -> Workspace:
    """The workspace of this command."""
    options = context.obj
    assert isinstance(options, Options)
    return options.workspace()


def _check_schema(workspace: Workspace) -> None:
    from storage import schema

    schema.check(workspace.database.url)


def examples(*lines: str) -> str:
    """The end of a help text: each example on a line of its own."""
    return "\n\n".join([_("Examples:"), *lines])


def sure(question: str, *, yes: bool) -> None:
    """Ask before something that is hard to take back. Raises Failure when the answer is no or nobody can answer."""
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(_("This needs a yes: run it again with --yes."))
    if not typer.confirm(question):
        raise Failure(_("Nothing was changed."))
