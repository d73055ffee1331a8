"""Plans: made by a rehearsal, written to a file, read again. docs/plan.md describes the file."""

from __future__ import annotations

import getpass
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from agendahub.bound import Bound, remote_id_of
from agendahub.failure import Failure
from agendahub.fanout_new import NewFolder
from agendahub.output import as_data
from agendahub.texts import _
from agendahub.work import Worker
from agendahub.workspace import Workspace, utc_now
from config.settings import BindingSettings
from storage.admin_plans import binding_as_configured, last_plan
from sync_engine.dry_run import Rehearsal, rehearsal
from sync_engine.ports import Connector
from sync_engine.saved_plan import BindingPlan, SavedPlan
from sync_engine.saved_plan_file import NoPlanError, from_document, to_document

_OF_BINDING = (
    "account", "remote", "collection", "owner", "direction", "prefer", "brake_count", "brake_percent",
    "window_days_past", "window_days_future", "paused",
)  # fmt: skip
_OF_ACCOUNT = ("connector", "url", "username")


@dataclass(frozen=True, slots=True)
class Planned:
    """What a cycle of one binding would do now."""

    settings: BindingSettings
    plan: BindingPlan
    rehearsal: Rehearsal


def plan_binding(workspace: Workspace, settings: BindingSettings, connector: Connector) -> Planned:
    """Rehearse a cycle: reads only, at the account and in the hub; no row is made. Raises SyncError, StoreRefused."""
    remote_id = remote_id_of(workspace, settings, connector)
    collection = settings.collection, settings.kinds, settings.owner
    with workspace.database.read() as unit:
        binding = binding_as_configured(unit.session, settings.name, settings.account, remote_id, collection)
        last = last_plan(unit.session.connection, settings.name)
    cycle = Worker(workspace).prepared(Bound(binding.id, settings), connector if remote_id else NewFolder(connector))
    found = rehearsal(cycle, None if binding.id else binding)
    words = _settings_words(workspace, settings)
    return Planned(settings, BindingPlan(settings.name, words, last, tuple(found.actions)), found)


def save_plan(path: Path, planned: list[Planned]) -> SavedPlan:
    """Write a plan for somebody to read, keep and apply. It shows contents of items: nobody else may read it."""
    _spare_other_files(path)
    now = as_data(utc_now())
    plan = SavedPlan(uuid.uuid4().hex, now, os_user(), tuple(entry.plan for entry in planned))
    text = json.dumps(to_document(plan), ensure_ascii=False, indent=2) + "\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        if path.is_file():  # one that was there may be open to others; /dev/stdout is none of our business
            path.chmod(0o600)
        file.write(text)
    return plan


def _spare_other_files(path: Path) -> None:
    """An older plan may be overwritten, nothing else: not the configuration by a slip of the hand."""
    if path.is_file() and path.stat().st_size:
        try:
            read_plan(path)
        except Failure as err:
            hint = _("{path} is there already and is no plan, so it was left as it is; choose another name for --out.")
            raise Failure(hint.format(path=path)) from err


def read_plan(path: Path) -> SavedPlan:
    """Raises Failure, OSError."""
    if not path.exists():
        hint = _("There is no plan {path}; make one with: agendahub plan --out {path}")
        raise Failure(hint.format(path=path))
    try:
        return from_document(json.loads(path.read_text(encoding="utf-8")))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as err:
        raise Failure(_no_plan(path, _("it is not JSON"))) from err
    except NoPlanError as err:
        raise Failure(_no_plan(path, str(err))) from err


def os_user() -> str:
    """Who sits at the command line."""
    try:
        return f"admin {getpass.getuser()}"
    except (KeyError, OSError):  # a user id without a name
        return "admin"


def _no_plan(path: Path, why: str) -> str:
    hint = _("{path} cannot be applied: {why}. Make a plan: agendahub plan --out plan.json")
    return hint.format(path=path, why=why)


def _settings_words(workspace: Workspace, settings: BindingSettings) -> dict[str, str]:
    account = workspace.account(settings.account)
    words = {name: str(getattr(settings, name)) for name in _OF_BINDING} | {"kinds": ", ".join(settings.kinds)}
    return words | {f"account.{name}": str(getattr(account, name)) for name in _OF_ACCOUNT}
