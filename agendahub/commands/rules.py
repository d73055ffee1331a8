"""agendahub rule list|show|add|set|move|remove|test"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, print_json, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)
RuleId = Annotated[int, typer.Argument(metavar="ID", help=_("From `agendahub rule list`."))]
RuleFile = Annotated[
    Path, typer.Argument(metavar="FILE", help=_("A rule as JSON (docs/rules.md); - for standard input."))
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="rule", help=_("Rules that say what kind of request a mail becomes, and whose."))


@group.command("list", help=_("Show the rules in their order."), epilog=examples("agendahub rule list"))
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from crm.actor import ADMIN
    from crm.rules import editing
    from crm.rules.json_form import as_json as form

    with workspace_of(context).database.read() as unit:
        found = editing.rules(unit, ADMIN)
    rows = [
        {
            "id": rule.id,
            "name": rule.name,
            "enabled": rule.enabled,
            "when": json.dumps(form(rule)["when"], ensure_ascii=False),
            "then": json.dumps(form(rule)["then"], ensure_ascii=False),
        }
        for rule in found
    ]
    columns = {"id": _("Id"), "name": _("Rule"), "enabled": _("On"), "when": _("When"), "then": _("Then")}
    listing(rows, columns, as_json=as_json, empty=_("No rules yet; write one with `agendahub rule add`."))


@group.command(
    help=_("Show a rule as JSON, to be changed and given to `rule set`."), epilog=examples("agendahub rule show 3")
)
def show(context: typer.Context, rule: RuleId) -> None:
    from crm.actor import ADMIN
    from crm.rules import editing
    from crm.rules.json_form import as_json

    with workspace_of(context).database.read() as unit:
        print_json(as_json(editing.rule(unit, ADMIN, rule)))


@group.command(help=_("Add a rule at the end."), epilog=examples("agendahub rule add invoices.json"))
def add(context: typer.Context, file: RuleFile) -> None:
    from crm.actor import ADMIN
    from crm.rules import editing

    form = _form(file)
    with workspace_of(context).database.begin() as unit:
        made = editing.add(unit, ADMIN, form)
    say(_("Added rule {id}: {name}.").format(id=made.id, name=made.name))


@group.command("set", help=_("Write a rule anew."), epilog=examples("agendahub rule set 3 invoices.json"))
def set_(context: typer.Context, rule: RuleId, file: RuleFile) -> None:
    from crm.actor import ADMIN
    from crm.rules import editing

    form = _form(file)
    with workspace_of(context).database.begin() as unit:
        made = editing.edit(unit, ADMIN, rule, form)
    say(_("Changed rule {id}: {name}.").format(id=made.id, name=made.name))


@group.command(
    help=_("Put a rule elsewhere: rules are asked in their order."), epilog=examples("agendahub rule move 3 1")
)
def move(
    context: typer.Context,
    rule: RuleId,
    place: Annotated[int, typer.Argument(metavar="PLACE", min=1, help=_("1 is the first."))],
) -> None:
    from crm.actor import ADMIN
    from crm.rules import editing

    with workspace_of(context).database.begin() as unit:
        editing.move(unit, ADMIN, rule, place - 1)
    say(_("Rule {id} is at place {place}.").format(id=rule, place=place))


@group.command(help=_("Remove a rule; the audit keeps what it said."), epilog=examples("agendahub rule remove 3"))
def remove(context: typer.Context, rule: RuleId) -> None:
    from crm.actor import ADMIN
    from crm.rules import editing

    with workspace_of(context).database.begin() as unit:
        editing.remove(unit, ADMIN, rule)
    say(_("Removed rule {id}.").format(id=rule))


@group.command(
    "test",
    help=_("Try the rules on a mail: which match and why. Nothing is stored."),
    epilog=examples("agendahub rule test mail.eml --mailbox info", "agendahub rule test mail.eml --rule new.json"),
)
def try_(
    context: typer.Context,
    mail: Annotated[Path, typer.Argument(metavar="FILE", help=_("A mail with its headers; - for standard input."))],
    mailbox: Annotated[str, typer.Option(help=_("As if it came to this mailbox."))] = "",
    rule: Annotated[Path | None, typer.Option(metavar="FILE", help=_("Only this rule, which is not kept yet."))] = None,
    as_json: AsJson = False,
) -> None:
    from agendahub.crm_settings import crm_settings
    from crm.actor import ADMIN
    from crm.rules import editing

    raw, workspace = _octets(mail), workspace_of(context)
    form = None if rule is None else _form(rule)
    with workspace.database.read() as unit:
        found = editing.tried(unit, crm_settings(workspace), ADMIN, raw=raw, mailbox=mailbox, form=form)
    if as_json:
        print_json(found)
        return
    say(found.explanation or _("There are no rules yet."))


def _octets(file: Path) -> bytes:
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def _form(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(_octets(file))
    except (ValueError, RecursionError) as err:
        raise Failure(_("{file} is not JSON: {why}.").format(file=file, why=err)) from err
    if not isinstance(found, dict):
        raise Failure(_("{file} must be a JSON object.").format(file=file))
    return found
