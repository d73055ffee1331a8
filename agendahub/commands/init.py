"""agendahub init"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agendahub.context import Options, examples
from agendahub.failure import Failure
from agendahub.output import say
from agendahub.texts import _


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Write a commented configuration and a key, and set up the store."),
        epilog=examples(
            "agendahub init", "agendahub --config /etc/agendahub/agendahub.toml init --database postgresql://hub@db/hub"
        ),
    )(init)


def init(
    context: typer.Context,
    database: Annotated[str, typer.Option(help=_("The store, if not SQLite beside the configuration."))] = "",
) -> None:
    from agendahub.locations import new_config

    options = context.obj
    assert isinstance(options, Options)
    path = new_config(options.config)
    if path.exists():
        if _made_missing_key(options, path):
            return
        raise Failure(_("{path} exists already and was left as it is.").format(path=path))
    _write(path, database)
    options.config = path
    try:
        _set_up(options)
    except BaseException:
        path.unlink()  # the next try, with another address, starts afresh
        raise
    say(_("Wrote {path}.").format(path=path))
    say(_("Next: agendahub account add NAME --url https://... (then `agendahub binding add`, `agendahub serve`)."))


def _made_missing_key(options: Options, path: Path) -> bool:
    """A lost key is what a second `init` is for: the configuration stays."""
    from storage import secrets

    options.config = path
    key_file = options.loaded().key_file
    if key_file.exists():
        return False
    secrets.create_key_file(key_file)
    say(
        _("Made a new key, {path}. Passwords that the old one encrypted: agendahub account secret NAME.").format(
            path=key_file
        )
    )
    return True


def _write(path: Path, database: str) -> None:
    import config
    from config.editing import write

    text = (Path(config.__file__).parent / "example.toml").read_text(encoding="utf-8")
    if database:
        text = text.replace('# url = "sqlite:///agendahub.db"', f"url = {_quoted(database)}")
    config.parse(text, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, text)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _set_up(options: Options) -> None:
    import os

    from agendahub.first_rows import put_first_rows
    from storage import schema, secrets

    os.umask(0o077)  # a new SQLite file is for its owner alone
    workspace = options.workspace(checked=False)
    schema.upgrade(workspace.database.url)
    put_first_rows(workspace.database)
    key_file = workspace.loaded.key_file
    if not key_file.exists():
        secrets.create_key_file(key_file)
