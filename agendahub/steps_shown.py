"""Steps of a trial as they happen, for people; or all of them as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from agendahub.output import console, print_json
from agendahub.texts import _

if TYPE_CHECKING:
    from connectors.probing import Step


def show_steps(steps: Iterable[Step], *, as_json: bool) -> None:
    """Ends the command with exit code 1 where one of them failed."""
    done = []
    for step in steps:
        done.append(step)
        if not as_json:
            _show(step)
    if as_json:
        print_json([{"name": step.name, "ok": step.ok, "detail": step.detail, "advice": step.advice} for step in done])
    if not all(step.ok for step in done):
        raise typer.Exit(1)


def _show(step: Step) -> None:
    mark = _("ok    ") if step.ok else _("FAILED")
    console().print(f"{mark}  {step.name}: {step.detail}", markup=False)
    if step.advice:
        console().print(f"        {step.advice}", markup=False)
