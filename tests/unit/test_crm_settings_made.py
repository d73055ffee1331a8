"""What the configuration is made into for customer requests."""

from __future__ import annotations

from pathlib import Path

import config
from agendahub.crm_settings import crm_settings
from agendahub.workspace import Workspace
from dav_gateway.scheduling.mailed import OwnMeetings
from tests.commands_here import Cli


def test_answers_that_come_by_mail_have_a_way_to_the_users_own_meetings(tmp_path: Path) -> None:
    workspace = Workspace(config.load(Cli(tmp_path).config))
    try:
        made = crm_settings(workspace)
        assert made.own_calendars == OwnMeetings()
        assert made == crm_settings(workspace)  # unchanged settings are told by comparison
    finally:
        workspace.close()
