"""The bugs: each line breaks one place of the project, and names the test that finds it. See `mutants`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A bug: ``old``, which the file has exactly once, becomes ``new``."""

    name: str
    file: str  # from the project's root
    old: str
    new: str
    test: str = ""  # what finds it; without one, the simulation does


TYPES = "tests/property/test_value_types.py::"
POLICY = "tests/property/test_merge_policy.py::"
DECIDE = "tests/property/test_decide_policy.py::"
HARD = "tests/contract/test_rules_hard_cases.py::"
LAG = "tests/contract/test_rules_lag.py::"
DELETIONS = "tests/contract/test_rules_deletions.py::"
BRAKE = "tests/contract/test_rules_brake.py::"
QUIET = "tests/contract/test_rules_quiet.py::"
FAILURES = "tests/contract/test_rules_failures.py::"
IDENTITY = "tests/contract/test_rules_identity.py::"
FIELDS = "tests/contract/test_rules_fields.py::"
WINDOW = "tests/contract/test_rules_window.py::"
MEETINGS = "tests/contract/test_rules_meetings.py::"
INVITED = "tests/contract/test_rules_invited.py::"
COPIES = "tests/contract/test_rules_copies.py::"
PATHS = "tests/unit/test_engine_paths.py::"
BATCHES = "tests/unit/test_engine_batches.py::"
CALLS = "tests/unit/test_engine_every_call.py::"
UNKIND = "tests/contract/test_connector_dav_unkind.py::TestPlain::"
WRITES = "tests/integration/test_dav_writes.py::"
SYNC = "tests/integration/test_gateway_sync.py::"
ZONES = "tests/unit/zones/test_formats_zones.py::"
SQLITE = "tests/contract/test_store_sqlite.py::TestSqlite::"
POSTGRES = "tests/contract/test_store_postgresql.py::TestPostgresql::"
GRAPH = "tests/integration/microsoft/test_microsoft365_"

MUTANTS = (
    # what is decided
    Mutant("last writer wins", "sync_engine/decide.py", "    if hub == base:\n        return Decision(Outcome.TAKE_REMOTE", "    if True:\n        return Decision(Outcome.TAKE_REMOTE"),
    Mutant("hub always wins", "sync_engine/decide.py", "    if remote == base:\n        return Decision(Outcome.PUSH", "    if True:\n        return Decision(Outcome.PUSH"),
    Mutant("deletion at the remote wins", "sync_engine/decide.py", "    if base is not None and hub == base:", "    if True:"),
    Mutant("deletion in the hub wins", "sync_engine/decide.py", "(base is not None and remote == base)", "True"),
    Mutant("deletions are forgotten", "sync_engine/decide.py", 'return Decision(Outcome.DELETE_IN_HUB, "deleted at the remote")', 'return Decision(Outcome.RECREATE, "", hub)'),
    Mutant("no merge: remote wins", "sync_engine/decide.py", "Decision(Outcome.MERGE, reason, merged.record, merged.conflicts)", "Decision(Outcome.MERGE, reason, remote, ())"),
    Mutant("conflicts are not told", "sync_engine/decide.py", "Decision(Outcome.MERGE, reason, merged.record, merged.conflicts)", "Decision(Outcome.MERGE, reason, merged.record, ())"),
    Mutant("lossy fields are taken for deleted", "sync_engine/decide.py", "    if other is None or type(other) is not type(remote):\n        return remote", "    return remote"),
    Mutant("merge without a base", "sync_engine/decide.py", "merged = merge(base, hub, remote, policy.prefer)", "merged = merge(None, hub, remote, policy.prefer)", FIELDS + "test_r07_one_number_added_on_each_side_and_one_removed"),
    Mutant("an OUT binding takes from the remote", "sync_engine/decide.py", '    if policy.direction is Direction.OUT:\n        return Decision(Outcome.PUSH, "the binding carries', '    if False:\n        return Decision(Outcome.PUSH, "the binding carries', QUIET + "test_out_mirrors_the_hub_and_takes_nothing_in"),
    Mutant("an OUT binding lets the remote delete", "sync_engine/decide.py", "    if policy.direction is Direction.OUT:\n        return Decision(Outcome.RECREATE", "    if False:\n        return Decision(Outcome.RECREATE", DECIDE + "test_an_out_binding_never_changes_the_hub"),
    Mutant("echo taken for an edit", "sync_engine/plan.py", "(expected is None and _is_echo(link, base, read))", "False", QUIET + "test_r21_a_server_that_rewrites_what_it_is_sent_gets_it_once_and_costs_the_hub_nothing"),
    Mutant("every lack is an echo", "sync_engine/plan.py", "link.pushed_at is not None and not link.remote_version and read != base", "read != base"),
    Mutant("relinked by nothing", "sync_engine/plan.py", "        hub = self.view.by_uid.get(uid)\n", "        hub = None\n"),
    Mutant("contents are not compared", "sync_engine/plan.py", "        if not self.view.look_alikes:\n", "        if True:\n"),
    Mutant("revived item not linked", "sync_engine/plan.py", "        return self._matched(change, hub)\n", "        return None\n"),
    Mutant("moved item is a duplicate", "sync_engine/plan.py", "    return not link.remote_id or link.state in (LinkState.MISSING, LinkState.LEFT)", "    return False", HARD + "test_r36_a_moved_item_is_reported_to_nobody"),
    Mutant("an OUT binding takes strangers in", "sync_engine/plan.py", "        if self.policy.direction is Direction.OUT:\n            return None\n", "", QUIET + "test_out_mirrors_the_hub_and_takes_nothing_in"),
    Mutant("remote ids without case", "sync_engine/plan.py", "        link = self.view.links.get(change.ref.id)\n        return self._linked", "        link = {k.lower(): v for k, v in self.view.links.items()}.get(change.ref.id.lower())\n        return self._linked"),
    Mutant("UIDs without case", "sync_engine/plan.py", "        if uid in self.claimed:", "        if uid.lower() in {c.lower() for c in self.claimed}:", IDENTITY + "test_r29_ids_that_differ_in_case_only_are_different"),
    Mutant("a task is written to a calendar", "sync_engine/intents.py", " or (operation is Operation.CREATE and item.kind not in cycle.policy.kinds)", "", "tests/contract/test_rules_kinds.py::test_a_calendar_and_a_task_list_share_one_agenda"),
    Mutant("a task comes out of a calendar", "sync_engine/plan.py", "change.item.kind not in self.policy.kinds or ", "", "tests/contract/test_rules_kinds.py::test_what_others_put_there_is_none_of_its_business"),
    Mutant("window ignored by pull", "sync_engine/plan.py", "change.item.kind not in self.policy.kinds or not in_window(change.item.record, self.policy, self.now):", "change.item.kind not in self.policy.kinds:", WINDOW + "test_r23_only_what_lies_in_the_window_begins_to_sync"),
    Mutant("an unreadable item swallows the rest of a page", "sync_engine/plan.py", "        return [step for change in changes if (step := self.step(change)) is not None]", "        steps: list[Step] = []\n        for change in changes:\n            steps += [step] if (step := self.step(change)) is not None else []\n            if isinstance(change, Broken):\n                break\n        return steps", FAILURES + "test_r09_an_unreadable_item_is_kept_raw_and_the_rest_is_in_sync"),
    Mutant("a copy takes the original's link", "sync_engine/plan.py", "    return not link.remote_id or link.state in (LinkState.MISSING, LinkState.LEFT)", "    return True", FAILURES + "test_r26_a_duplicate_is_named_with_its_ids_and_what_to_do"),
    # merging
    Mutant("preference inverted", "sync_engine/merge.py", "return hub if side is Prefer.HUB else remote", "return remote if side is Prefer.HUB else hub", POLICY + "test_different_values_go_to_the_preferred_side_and_what_lost_is_reported"),
    Mutant("lists are united", "sync_engine/merge.py", "    if hub == remote or remote == base:\n        return hub\n    if hub == base:\n        return remote\n    if hub is None", "    if hub == remote:\n        return hub\n    if hub is None", POLICY + "test_elements_are_merged_one_by_one"),
    Mutant("loser not kept", "sync_engine/merge_report.py", "        self.conflicts.append(FieldConflict(path, describe(base), describe(hub), describe(remote), self.prefer))\n", ""),
    Mutant("last writer by clock", "sync_engine/merge.py", "    report = Report(prefer)\n", "    by_stamps = {Prefer.HUB: getattr(hub, 'master', hub), Prefer.REMOTE: getattr(remote, 'master', remote)}\n    report = Report(max(by_stamps, key=lambda side: str(getattr(by_stamps[side], 'stamps', ''))))\n", POLICY + "test_wall_clocks_never_decide"),
    Mutant("union merge", "sync_engine/merge.py", "    return tuple(e for e in (*kept, *remote_only) if e is not None)", "    return tuple(dict.fromkeys(e for e in (*hub, *kept, *remote, *remote_only) if e is not None))", POLICY + "test_elements_are_merged_one_by_one"),
    Mutant("merged overrides lose an exception", "sync_engine/merge.py", "    for rid in sorted({rid for side in sides for rid in side}, key=_moment_order):", "    for rid in sorted(set(sides[1]) & set(sides[2]), key=_moment_order):", POLICY + "test_r15_one_occurrence_moved_leaves_all_others_as_they_are"),
    Mutant("cancelled occurrences of one side only", "sync_engine/merge_keys.py", '    "exception_dates": _itself,\n', "", POLICY + "test_r14_occurrences_cancelled_on_each_side_are_all_cancelled"),
    Mutant("cancelled occurrence keeps its override", "sync_engine/merge.py", "    kept = tuple(d for d in overrides if d.recurrence_id not in cancelled or d.recurrence_id in edited)", "    kept = overrides", POLICY + "test_r14_an_occurrence_cancelled_on_one_side_and_untouched_on_the_other_goes_with_its_override"),
    Mutant("edited occurrence cancelled", "sync_engine/merge.py", "if d.recurrence_id in cancelled and before.get(d.recurrence_id) != d}", "if False}", POLICY + "test_an_occurrence_edited_on_one_side_and_cancelled_on_the_other_stays_edited"),
    Mutant("start and end from different sides", "sync_engine/merge.py", '_GROUPS = (("start", "end", "due", "duration"), (', "_GROUPS = ((", POLICY + "test_start_and_end_come_from_one_side"),
    Mutant("moved series keeps old occurrences", "sync_engine/merge.py", "    if base is not None and _schedule_clash(ground, hub, remote):", "    if False:", POLICY + "test_a_moved_series_and_changed_occurrences_never_mix"),
    Mutant("what a server keeps less of cannot be removed there", "sync_engine/decide.py", "    return merge_by(Rewritten(Prefer.REMOTE), echo, base, remote).record", "    return merge(echo, base, remote, Prefer.REMOTE).record", "tests/unit/test_engine_less_kept.py::test_r20_what_a_person_takes_off_a_contact_goes_though_the_server_keeps_less_of_it"),
    Mutant("removal beats an edit of an element", "sync_engine/merge.py", "        return report.survivor(hub, remote)\n", "        return None\n", POLICY + "test_an_element_edited_on_one_side_and_removed_on_the_other_stays_edited"),
    Mutant("times that say more are a conflict", "sync_engine/merge.py", "    elif not any(b) and (_says_all(h, r) or _says_all(r, h)):", "    elif False:", POLICY + "test_new_times_come_from_the_side_that_says_more"),
    Mutant("the hour of a deadline tells tasks apart", "sync_engine/matching.py", "return details.due.value[:8] if details.due", "return details.due.value if details.due", "tests/unit/test_matching.py::test_r11_the_hour_of_a_deadline_is_no_part_of_what_a_task_is_recognised_by"),
    Mutant("an edited phone is two phones", "sync_engine/merge_keys.py", '    "phones": _label,\n', "", POLICY + "test_r20_an_edited_element_keeps_what_belongs_to_it"),
    Mutant("rules of the loser's zone", "sync_engine/merge.py", "    zones = _zones(r.zones, h.zones) if moved else _zones(h.zones, r.zones)", "    zones = _zones(h.zones, r.zones)", HARD + "test_r17_a_moved_event_keeps_the_rules_of_the_zone_it_was_moved_in"),
    Mutant("lines that are not modelled are dropped", "sync_engine/merge.py", '    extra = _lines(report, "extra", ground.extra, h.extra, r.extra)\n', "    extra = ()\n", TYPES + "test_r20_lines_of_the_calendar_itself_survive_a_merge"),
    # the hub's side
    Mutant("echo loses the hub's edit", "sync_engine/apply.py", "        if (operation := needed(step.hub, link)) is not None:", "        if (operation := needed(step.hub, link)) is None and operation:", HARD + "test_r20_a_phones_edit_goes_out_though_the_server_had_rewritten_what_was_there"),
    Mutant("an IN binding queues merges for the remote", "sync_engine/apply.py", "self._cycle.policy.direction is Direction.IN or (not news and self._waits(operation, item_id, revision_id))", "not news and self._waits(operation, item_id, revision_id)", HARD + "test_an_in_binding_queues_nothing_for_the_remote"),
    Mutant("quarantine swallows the rest of a page", "sync_engine/apply.py", "                self.refused.add(step.ref.id)\n", "                self.refused.add(step.ref.id)\n                return\n", HARD + "test_r09_what_the_store_refuses_holds_up_nothing_that_comes_after_it_in_its_page"),
    Mutant("one of two with a UID is deleted", "sync_engine/apply.py", "        self._uow.quarantine(self._binding.id, step.trouble)\n        self._counts", "        self._uow.quarantine(self._binding.id, step.trouble)\n        if step.trouble.uid:\n            self._cycle.connector.delete(self._binding.remote_id, step.ref)\n        self._counts", IDENTITY + "test_r36_several_items_with_one_uid_hurt_nobody"),
    Mutant("a pull thaws a frozen link", "sync_engine/apply.py", "        state = LinkState.LIVE if old.state in (LinkState.MISSING, LinkState.LEFT) else old.state", "        state = LinkState.LIVE", HARD + "test_r21_a_frozen_item_stays_frozen_when_its_hours_are_over"),
    Mutant("the loser's words are cut off", "sync_engine/apply.py", "        lost = self._uow.keep_revision(step.hub.id, self._remote_text(step), self._cycle.origin)\n", "        lost = hub_revision\n", FIELDS + "test_r07_the_same_field_goes_by_policy_and_the_loser_is_restorable"),
    Mutant("a failed write is tried in every cycle", "sync_engine/apply.py", " or (not news and self._waits(operation, item_id, revision_id)):", ":"),
    # reading a remote
    Mutant("token stored early", "sync_engine/pull.py", "_commit(cycle, binding, replace(page, cursor=None), matching=True, later=later)", "_commit(cycle, binding, replace(page, cursor=page.cursor or '0'), matching=True, later=later)"),
    Mutant("token stored before its page", "sync_engine/pull.py", "        cycle.pause_point()\n        seen.update", "        with cycle.store.begin() as uow:\n            uow.set_cursor(binding.id, page.cursor or binding.cursor)\n        seen.update"),
    Mutant("listing believed though cut off", "sync_engine/pull.py", "if last is None or not last.complete:", "if last is None:", DELETIONS + "test_r01_a_listing_that_breaks_off_half_way_notes_no_deletion"),
    Mutant("empty listing believed", "sync_engine/pull.py", "    if shared and not seen:", "    if False:", DELETIONS + "test_r01_a_listing_that_cannot_be_true_deletes_nothing_and_keeps_the_cursor"),
    Mutant("full listing finds no deletions", "sync_engine/pull.py", "        absent = [i for i in uow.linked_remote_ids(binding.id) if i not in seen]", "        absent: list[str] = []"),
    Mutant("listed ids without case", "sync_engine/pull.py", "        absent = [i for i in uow.linked_remote_ids(binding.id) if i not in seen]", "        absent = [i for i in uow.linked_remote_ids(binding.id) if i.lower() not in {s.lower() for s in seen}]"),
    Mutant("a missing item is known", "sync_engine/pull.py", "for i, k in links.items() if k.state is not LinkState.MISSING and not is_gone(k)}", "for i, k in links.items()}", HARD + "test_r22_what_went_missing_in_a_listing_and_is_back_in_the_next_is_linked_again"),
    Mutant("half a listing notes what is absent", "sync_engine/pull.py", "        last = page\n", "        last = page\n        if since is None:\n            with cycle.transaction() as uow:\n                _note_absent(cycle, uow, binding, [i for i in uow.linked_remote_ids(binding.id) if i not in seen])\n", DELETIONS + "test_r01_a_listing_that_breaks_off_half_way_notes_no_deletion"),
    Mutant("an emptied quarantine is never left", "sync_engine/pull.py", "    if well:\n", "    if False:\n", FAILURES + "test_r09_an_unreadable_item_is_kept_raw_and_the_rest_is_in_sync"),
    # meetings in several mailboxes, copies of what we made
    Mutant("meetings: a guest's word counts", "sync_engine/meetings.py", "    if Role.ORGANIZER in roles:\n", "    if False:\n", MEETINGS + "test_r13_what_a_guest_changes_is_his_alone"),
    Mutant("meetings: reminders go from mailbox to mailbox", "sync_engine/plan.py", "        if place is Standing.SHARES:\n            read", "        if False:\n            read", MEETINGS + "test_r12_r21_three_mailboxes_with_other_reminders_write_nothing"),
    Mutant("meetings: a guest's deletion deletes for all", "sync_engine/removals.py", "    if removal.hub.deleted or standing(removal.link.role, elsewhere) is Standing.SOURCE:\n", "    if True:\n", MEETINGS + "test_r13_a_guest_who_takes_his_copy_away_is_left_alone_until_he_is_invited_again"),
    Mutant("meetings: who left is written to", "sync_engine/intents.py", "    if link and link.state is LinkState.LEFT:\n        return None\n", "", MEETINGS + "test_r13_a_phone_deletes_a_meeting_at_its_organiser_only"),
    Mutant("meetings: a cancelled one comes back with a guest's copy", "sync_engine/removals.py", "    if removal.link.role is Role.ORGANIZER:\n        uow.let_go([hub.id])\n", "", MEETINGS + "test_r13_a_cancelled_meeting_leaves_the_hub_and_guests_copies_to_the_mail_system"),
    Mutant("meetings: guests are not let go when we delete", "sync_engine/results.py", "                if delivery.link.role is Role.ORGANIZER:\n", "                if False:\n", MEETINGS + "test_r13_a_phone_deletes_a_meeting_at_its_organiser_only"),
    Mutant("meetings: the last guest off the list takes the event along", "sync_engine/meetings.py", "    return old if old is Role.ORGANIZER and told is Role.NONE else told", "    return told", MEETINGS + "test_r13_the_last_guest_off_the_list_takes_nothing_with_him"),
    Mutant("meetings: UIDs of mailboxes are not known", "sync_engine/pull.py", "    there = uow.items_by_remote_uid(binding.collection_id, rest) if rest else {}", "    there: dict[str, HubItem] = {}", MEETINGS + "test_r12_a_phones_event_that_becomes_a_meeting_in_outlook_is_one_event"),
    Mutant("meetings: the hub's own fields overwrite each mailbox's", "sync_engine/deliver.py", "        payload = _changed(agreed, payload, base)\n", "", MEETINGS + "test_r12_what_a_phone_changes_reaches_each_mailbox_and_leaves_the_rest_of_its_own"),
    Mutant("meetings: a guest's fields go to the organiser", "sync_engine/plan.py", "        guests = [k for k in self.view.meetings.get(hub.id, ()) if k.role is Role.GUEST]\n", "        guests: list[Link] = []\n", MEETINGS + "test_r12_an_organiser_who_is_bound_after_his_guests_takes_the_meeting_over"),
    Mutant("meetings: everything goes to every guest", "sync_engine/intents.py", "        if place is Standing.FOLLOWS or (from_guests and not item.deleted):\n", "        if False:\n", MEETINGS + "test_r12_a_strangers_change_reaches_one_mailbox_before_the_other"),
    Mutant("invited: nobody's copy gives way", "sync_engine/plain_copies.py", "    return ours and plain and change.role is Role.GUEST and not hub.deleted and hub.kind is change.item.kind", "    return False", INVITED + "test_r12_the_history_of_the_cycle_says_why_the_copy_goes"),
    Mutant("invited: what he made himself gives way", "sync_engine/plain_copies.py", " and (link.remote_uid != hub.uid or change.item.uid == hub.uid)", "", INVITED + "test_r12_what_the_guest_made_himself_is_never_deleted"),
    Mutant("invited: what we never wrote gives way", "sync_engine/plain_copies.py", "    ours = link.pushed_at is not None and (", "    ours = (", INVITED + "test_r12_what_was_only_read_is_never_deleted"),
    Mutant("invited: one invitation takes the place of another", "sync_engine/plain_copies.py", "    plain = link.role is Role.NONE and link.state is LinkState.LIVE", "    plain = link.state is LinkState.LIVE", INVITED + "test_r12_an_invitation_never_takes_the_place_of_another"),
    Mutant("invited: any copy takes the place of ours", "sync_engine/plain_copies.py", "change.role is Role.GUEST and ", "", INVITED + "test_r12_r36_what_is_no_invitation_takes_no_place"),
    Mutant("invited: the hub deletes where it may only read", "sync_engine/plan.py", "        if link and self.policy.direction is not Direction.IN and gives_way(", "        if link and gives_way(", INVITED + "test_r12_where_the_hub_writes_nothing_both_stay_and_are_told"),
    Mutant("invited: with what the copy was told to be", "sync_engine/plan.py", "        if hub.id in self.taken:\n            return read_again(duplicate(change, link.remote_id))\n", "", INVITED + "test_r08_r12_what_was_written_into_the_copy_is_not_lost"),
    Mutant("invited: told once and for all", "sync_engine/steps.py", "    return replace(step, trouble=replace(step.trouble, remote_version=\"\"))", "    return step", INVITED + "test_r08_r12_what_was_written_into_the_copy_is_not_lost"),
    Mutant("invited: a changed copy becomes an item", "sync_engine/plan.py", "        if step.what is What.REVIVE and is_replaced(hub):\n            return beside(change, link)\n", "", INVITED + "test_r08_r12_a_copy_that_is_changed_while_it_goes_stays_and_is_told"),
    Mutant("invited: a changed copy is told once", "sync_engine/plan.py", "        if is_beside(hub, link):\n            return beside(change, link)\n", "", INVITED + "test_r08_r12_a_copy_that_is_changed_while_it_goes_stays_and_is_told"),
    Mutant("invited: a changed copy is deleted", "sync_engine/apply.py", "        if step.left and step.link is not None:\n            self._uow.save_link(step.link)\n        elif", "        if", INVITED + "test_r08_r12_a_copy_that_is_changed_while_it_goes_stays_and_is_told"),
    Mutant("invited: our copy stays", "sync_engine/apply.py", "                if gone is not None:\n                    self._uow.save_link(gone)\n", "", INVITED + "test_r12_an_invitation_that_arrives_right_after_the_copy_was_made"),
    Mutant("invited: our copy is an item of the hub", "sync_engine/apply.py", "        self._uow.delete_item(copy.id, origin)\n", "", INVITED + "test_r12_an_invitation_that_arrives_right_after_the_copy_was_made"),
    Mutant("invited: an undo makes an item of the copy", "agendahub/restoring.py", "    if is_replaced(hub):\n", "    if False:\n", INVITED + "test_r03_r12_no_undo_brings_the_copy_back"),
    Mutant("invited: a refused deletion makes an item of the copy", "agendahub/held.py", "        if is_replaced(hub):\n            _leave_beside(unit, number, hub)\n        elif why", "        if why", INVITED + "test_r02_r12_the_brake_holds_many_copies_and_a_refusal_leaves_them_there"),
    Mutant("what moved and cannot be read is gone", "sync_engine/steps.py", "uid=\"\" if link else _uid_in(change.raw),", "", DELETIONS + "test_r01_r08_what_has_moved_and_cannot_be_read_there_is_neither_gone_nor_made_again"),
    Mutant("what moved and cannot be read has folded lines", "sync_engine/steps.py", "_UID.search(_FOLD.sub(\"\", raw))", "_UID.search(raw)", DELETIONS + "test_r01_r08_what_has_moved_and_cannot_be_read_there_is_neither_gone_nor_made_again"),
    Mutant("copies: hidden UIDs are not looked at", "sync_engine/hidden_uids.py", '    return "" if change.known_as == change.item.uid else change.known_as', '    return ""', COPIES + "test_r11_r37_what_got_another_title_while_it_was_not_linked_is_the_same_item"),
    Mutant("copies: one takes the original's link", "sync_engine/plan.py", "            return hub if _moved_away(link) and same else None\n", "            return hub\n"),
    Mutant("copies: one takes the place of what was deleted", "sync_engine/plan.py", "            return hub if _moved_away(link) and same else None\n", "            return hub if _moved_away(link) else None\n", COPIES + "test_r37_of_a_copy_and_its_deleted_original_the_copy_stays"),
    Mutant("copies: what the hub has deleted comes back", "sync_engine/plan.py", "        if hub is None or hub.deleted or hub.kind is not change.item.kind or hub.id in self.taken:\n            return None\n        link", "        if hub is None or hub.kind is not change.item.kind or hub.id in self.taken:\n            return None\n        link", COPIES + "test_r37_a_copy_of_what_the_hub_has_deleted_is_new_and_brings_nothing_back"),
    Mutant("copies: a lost hub gives every item a new UID", "sync_engine/plan.py", "            uid = named if self.chosen.get(named) == change.ref.id else uid\n", "            uid = change.item.uid\n", COPIES + "test_r11_r37_a_lost_hub_is_filled_again_without_copies"),
    # deletions
    Mutant("deletions not verified", "sync_engine/removals.py", "        if isinstance(answer, Removed):\n            gone.append(answer.id)", "        if True:\n            gone.append(answer.id if isinstance(answer, Removed) else answer.ref.id)", DELETIONS + "test_r01_a_listing_that_leaves_items_out_deletes_nothing_that_is_still_there"),
    Mutant("no brake in the hub", "sync_engine/removals.py", "    held = brake.holds([Deletion(r.hub.id, r.title) for r in deleting])", "    held = set()", BRAKE + "test_r02_one_more_deletion_at_the_remote_is_held_whole_until_approved_once"),
    Mutant("outside of the window is deleted", "sync_engine/removals.py", "        if isinstance(answer, Removed):\n            gone.append(answer.id)", "        from sync_engine.window import in_window\n        if isinstance(answer, Removed):\n            gone.append(answer.id)\n        elif isinstance(answer, Changed) and not in_window(answer.item.record, cycle.policy, cycle.clock()):\n            gone.append(answer.ref.id)", HARD + "test_r23_what_the_server_no_longer_lists_at_the_windows_edge_is_not_deleted"),
    Mutant("a creation that nothing shows yet is repeated", "sync_engine/settle.py", "            if there is None and may_be_unseen(cycle, binding, d.intent):", "            if there is None and not d:", LAG + "test_r22_a_creation_in_doubt_is_not_repeated_as_long_as_reads_may_not_show_it"),
    Mutant("doubt ends when the clock is set back", "sync_engine/lag.py", "    if intent.sent_at > now:", "    if intent.sent_at > now.replace(year=now.year + 9):", LAG + "test_r22_a_clock_that_was_set_back_begins_the_time_anew"),
    Mutant("settle time ignored", "sync_engine/removals.py", "    if link.missing_since is None or link.pushed_at is None:\n        return False", "    if True:\n        return False", DELETIONS + "test_r22_our_new_item_missing_from_a_listing_is_not_a_deletion"),
    Mutant("unreadable is believed to be gone", "sync_engine/removals.py", "        else:\n            present.append(answer)", "        elif isinstance(answer, Broken):\n            gone.append(answer.ref.id)\n        else:\n            present.append(answer)", DELETIONS + "test_r01_an_item_that_is_there_but_unreadable_is_not_deleted_nor_reported_again_and_again"),
    Mutant("a clock set back holds deletions", "sync_engine/removals.py", "return abs((cycle.clock() - link.pushed_at).total_seconds()) <", "return (cycle.clock() - link.pushed_at).total_seconds() <", CALLS + "test_r05_r06_any_call_may_fail_in_any_way_and_the_end_is_the_same"),
    Mutant("brake off by one", "sync_engine/brake.py", "if len(waiting) + self.done <= limit", "if len(waiting) + self.done <= limit + 1", BRAKE + "test_r02_one_more_deletion_at_the_remote_is_held_whole_until_approved_once"),
    Mutant("brake forgets the first pass", "sync_engine/brake.py", "if len(waiting) + self.done <= limit", "if len(waiting) <= limit", HARD + "test_r02_deletions_of_two_passes_of_a_cycle_count_together"),
    Mutant("approval lets all pass", "sync_engine/brake.py", "[d for d in deletions if d.item_id not in approved]", "[d for d in deletions if not approved]", BRAKE + "test_r02_an_approval_is_for_the_listed_deletions_and_not_for_later_ones"),
    # writing to a remote
    Mutant("old payload sent", "sync_engine/intents.py", "    return old.operation is Operation.DELETE or old.revision_id == new.revision_id", "    return True", HARD + "test_r23_a_refused_item_that_left_the_window_goes_out_once_as_it_is_now"),
    Mutant("deletion in the hub not sent", "sync_engine/intents.py", "        return Operation.DELETE if link else None", "        return None"),
    Mutant("outside of the window is not updated", "sync_engine/intents.py", "[i for i in intents if i.operation is Operation.CREATE]", "intents", WINDOW + "test_r23_what_leaves_the_window_stays_linked_and_in_step"),
    Mutant("window ignored by push", "sync_engine/intents.py", "    return [intent for intent in intents if intent.item_id not in outside]", "    return intents", WINDOW + "test_r23_only_what_lies_in_the_window_begins_to_sync"),
    Mutant("brake does not see late deletions", "sync_engine/push.py", "    if any(i.operation is Operation.DELETE and i.id not in passed for i in ready):", "    if False:", HARD + "test_r02_writes_that_become_deletions_while_they_are_sent_are_under_the_brake"),
    Mutant("conflict not decided again", "sync_engine/push.py", "    settle_conflicts(cycle, claimed.binding, results.conflicts)\n", ""),
    Mutant("hub's cursor runs ahead", "sync_engine/push.py", "            uow.add_intents(plan_intents(cycle, uow, binding, changed))\n", "            uow.add_intents(plan_intents(cycle, uow, binding, changed[:1]))\n"),
    Mutant("an IN binding writes to the remote", "sync_engine/push.py", "        _forget(cycle)\n        return\n", "        _forget(cycle)\n", QUIET + "test_in_carries_changes_to_the_hub_only"),
    Mutant("hub cursor stored before its intents", "sync_engine/push.py", "        with cycle.transaction() as uow:\n            uow.lock_collection(binding.collection_id)\n            changed", "        with cycle.transaction() as uow:\n            uow.set_hub_cursor(binding.id, uow.collection_seq(binding.collection_id))\n        with cycle.transaction() as uow:\n            uow.lock_collection(binding.collection_id)\n            changed"),
    Mutant("POST repeated without its key", "sync_engine/push.py", "        except OutcomeUnknown as err:\n            in_a_row += 1\n", "        except OutcomeUnknown as err:\n            if delivery.operation is Operation.CREATE:\n                results.done(delivery, cycle.connector.create(claimed.binding.remote_id, delivery.payload, cycle.new_key()))\n                continue\n            in_a_row += 1\n"),
    Mutant("update repeated blindly", "sync_engine/push.py", "        except OutcomeUnknown as err:\n            in_a_row += 1\n", "        except OutcomeUnknown as err:\n            if delivery.operation is Operation.UPDATE:\n                results.done(delivery, deliver(cycle, claimed.binding, delivery))\n                continue\n            in_a_row += 1\n"),
    Mutant("throttling ignored", "sync_engine/push.py", "        except (AccountError, Stopped):\n            results.untouched(claimed.deliveries[n:])\n            raise", "        except (AccountError, Stopped) as err:\n            if hasattr(err, 'retry_after'):\n                results.untouched([delivery])\n                continue\n            results.untouched(claimed.deliveries[n:])\n            raise"),
    Mutant("401 goes on writing", "sync_engine/push.py", "        except (AccountError, Stopped):\n            results.untouched(claimed.deliveries[n:])\n            raise", "        except (AccountError, Stopped) as err:\n            if type(err).__name__ == 'NotAuthorised':\n                results.untouched([delivery])\n                continue\n            results.untouched(claimed.deliveries[n:])\n            raise"),
    Mutant("one refused write ends the cycle", "sync_engine/push.py", "            results.failed(delivery, err)\n", "            results.failed(delivery, err)\n            results.untouched(claimed.deliveries[n + 1 :])\n            raise\n", FAILURES + "test_r09_one_refused_item_holds_up_nobody_and_is_tried_again_when_it_changes"),
    Mutant("a broken connection is tried for ever", "sync_engine/push.py", "            if in_a_row >= _TROUBLES_IN_A_ROW:", "            if False:", PATHS + "test_troubles_of_the_server_itself_end_the_cycle"),
    Mutant("writes of a broken batch looked for", "sync_engine/batches.py", "        results.untouched(rest)\n", "        pass\n", BATCHES + "test_r27_what_a_broken_off_batch_did_not_send_waits_for_the_next_cycle"),
    Mutant("a batch in doubt sent again", "sync_engine/batches.py", "            results.unknown(delivery, err)\n", "            results.untouched([delivery])\n", BATCHES + "test_r06_a_batch_that_broke_off_in_doubt_is_settled_by_a_read"),
    Mutant("one of a batch in doubt sent again", "sync_engine/batches.py", "        results.unknown(delivery, answer)\n", "        results.untouched([delivery])\n"),
    Mutant("later batches forgotten", "sync_engine/batches.py", "            results.untouched(deliveries[start + size :])\n", "            pass\n", BATCHES + "test_r27_what_a_broken_off_batch_did_not_send_waits_for_the_next_cycle"),
    Mutant("what a system keeps is taken for an edit", "sync_engine/kept.py", "    if not isinstance(connector, Keeps):", "    if True:"),
    Mutant("half a series is believed", "sync_engine/settle.py", "                connector.finish(", "                (lambda *_: None)(", BATCHES + "test_r05_a_series_that_was_written_by_half_is_finished_before_anything_is_read_from_it"),
    Mutant("a refused part is not told", "sync_engine/results.py", "            if (err := self.partly.get(delivery.hub.id)) is not None:", "            if (err := None) is not None:", BATCHES + "test_what_was_written_in_part_stays_whole_in_the_hub_and_is_told"),
    Mutant("no idempotency key", "sync_engine/deliver.py", "delivery.payload, delivery.intent.key)", "delivery.payload, '')"),
    Mutant("unconditional write", "sync_engine/deliver.py", "    ref = RemoteRef(link.remote_id, link.remote_version)", "    found = next(iter(connector.fetch(binding.remote_id, [link.remote_id])))\n    ref = getattr(found, 'ref', RemoteRef(link.remote_id))"),
    Mutant("key made anew on retry", "sync_engine/deliver.py", "delivery.payload, delivery.intent.key)", "delivery.payload, cycle.new_key())"),
    Mutant("412 answered by overwriting", "sync_engine/deliver.py", "    return connector.update(binding.remote_id, ref, delivery.payload, delivery.base)", "    try:\n        return connector.update(binding.remote_id, ref, delivery.payload, delivery.base)\n    except Exception:\n        now = next(iter(connector.fetch(binding.remote_id, [ref.id])))\n        if not hasattr(now, 'item'):\n            raise\n        return connector.update(binding.remote_id, now.ref, delivery.payload, now.item)"),
    Mutant("written under the hub's UID", "sync_engine/deliver.py", "    if link and base and link.remote_uid != hub.uid:", "    if False:", IDENTITY + "test_r11_a_first_sync_of_the_same_items_under_other_uids_matches_by_content"),
    Mutant("frozen item written nevertheless", "sync_engine/ping_pong.py", "link.state is LinkState.FROZEN or ", "", HARD + "test_r21_a_frozen_item_stays_frozen_when_its_hours_are_over"),
    Mutant("ping-pong never stops", "sync_engine/ping_pong.py", "    return link.window_start, link.window_writes + weight", "    return link.window_start, link.window_writes", QUIET + "test_r21_ping_pong_freezes_the_item_and_a_retry_thaws_it"),
    # what came of it
    Mutant("base taken from the read", "sync_engine/read_back.py", "        results.echoes[delivery.hub.id] = kept.item.text\n", "        pass\n", QUIET + "test_r21_an_edit_at_a_rewriting_server_reaches_the_hub_without_the_rewriting"),
    Mutant("edit after our write taken for rewriting", "sync_engine/read_back.py", "    proven = (bool(ref.version) and ref.version == kept.ref.version) or", "    proven = True or"),
    Mutant("rewriting that nobody looked at", "sync_engine/read_back.py", "    if isinstance(results.cycle.connector, ReadBack):\n        results.written = [(d, RemoteRef(ref.id", "    if False:\n        results.written = [(d, RemoteRef(ref.id", HARD + "test_r20_what_a_server_rewrote_is_noticed_though_reading_it_back_failed"),
    Mutant("rest of a batch forgotten", "sync_engine/results.py", "        self.not_sent.extend(deliveries)", "        pass"),
    Mutant("lost link", "sync_engine/results.py", "            uow.save_link(self._link(delivery, ref, echo))", "            pass"),
    Mutant("link kept after a deletion", "sync_engine/results.py", "                uow.delete_link(delivery.link.id)", "                pass"),
    Mutant("base is the hub's newest", "sync_engine/results.py", "            base_revision=delivery.intent.revision_id,", "            base_revision=delivery.hub.revision_id,", PATHS + "test_what_a_phone_does_while_a_write_is_in_doubt_is_not_lost"),
    Mutant("edits during a write forgotten", "sync_engine/results.py", "        self._follow_up(uow, finished)\n", "", PATHS + "test_an_edit_that_is_collected_while_an_older_one_is_in_doubt_goes_out_after_it"),
    Mutant("counts are plans", "sync_engine/results.py", "        created = sum(1 for d, _ in self.written if", "        created = len(self.not_sent) + sum(1 for d, _ in self.written if", QUIET + "test_r25_what_was_planned_but_not_done_is_not_counted"),
    Mutant("trouble without its title", "sync_engine/results.py", "        title=title_of(record),\n", "", FAILURES + "test_r26_a_trouble_says_what_is_needed_to_act_on_it"),
    Mutant("in doubt, written again", "sync_engine/settle.py", "    with cycle.store.read() as uow:\n        sent = uow.intents(cycle.binding_id, [IntentState.SENT], _ALL)\n        if not sent:\n            return\n", "    with cycle.store.begin() as uow:\n        sent = uow.intents(cycle.binding_id, [IntentState.SENT], _ALL)\n        uow.set_intent_state([i.id for i in sent], IntentState.READY)\n        return\n"),
    Mutant("settled update overwrites an edit", "sync_engine/settle.py", "        elif isinstance(found, Changed) and self._as_before(delivery, found):", "        elif isinstance(found, Changed):"),
    # the cycle
    Mutant("approval lasts for ever", "sync_engine/cycle.py", "        _use_up(cycle, answers)\n    return", "        pass\n    return", BRAKE + "test_r02_one_more_deletion_at_the_remote_is_held_whole_until_approved_once"),
    Mutant("intents not settled", "sync_engine/cycle.py", "    settle(cycle)\n", "    pass\n"),
    Mutant("recreated at once", "sync_engine/cycle.py", "        push(cycle)  # what was gone", "        remove(cycle)\n        push(cycle)  # what was gone", CALLS + "test_r05_r06_any_call_may_fail_in_any_way_and_the_end_is_the_same"),
    Mutant("approval used up by a cycle that failed", "sync_engine/cycle.py", "    settle(cycle)\n    pull(cycle)", "    _use_up(cycle, answers) if answers is not None else None\n    settle(cycle)\n    pull(cycle)", BRAKE + "test_r02_an_approval_outlives_a_cycle_that_could_not_finish"),
    Mutant("what was rolled back counts", "sync_engine/context.py", "            self.counts = before\n", "", "tests/unit/test_engine_counts.py::test_r25_what_a_failed_commit_took_back_is_not_counted"),
    Mutant("a plan writes", "sync_engine/dry_run.py", "_Pretending(cycle.connector), RunCounts()", "_Pretending(cycle.connector), RunCounts()\n    cycle = replace(cycle, watch=_Recorder())\n    run_cycle(cycle)", QUIET + "test_r33_a_plan_lists_what_a_cycle_then_does_and_touches_nothing"),
    # texts and times
    Mutant("all-day becomes midnight", "sync_engine/formats/moments.py", '    return Moment(value, "" if len(value) == _DATE else zone)', '    return Moment(value if len(value) == _TIME else f"{value}T000000", zone)', TYPES + "test_r18_every_moment_is_written_in_the_type_it_was_read_in"),
    Mutant("EXDATE changes its value type", "sync_engine/formats/icalendar_writer.py", '        return f"{head};VALUE=DATE{rest}:{moment.value}"', "        return f\"{head};VALUE=DATE{rest}:{moment.value}\" if head != 'EXDATE' else f'{head}{rest}:{moment.value}T000000'", TYPES + "test_r18_every_moment_is_written_in_the_type_it_was_read_in"),
    Mutant("RECURRENCE-ID in UTC", "sync_engine/formats/icalendar_writer.py", 'lines.append(_moment(f"RECURRENCE-ID{future}", details.recurrence_id, params, "RECURRENCE-ID"))', "lines.append(_moment(f\"RECURRENCE-ID{future}\", Moment(details.recurrence_id.value, details.recurrence_id.zone and 'UTC'), params, \"RECURRENCE-ID\"))", TYPES + "test_r18_every_moment_is_written_in_the_type_it_was_read_in"),
    Mutant("floating times become UTC", "sync_engine/formats/icalendar_writer.py", '    if not moment.zone:\n        return f"{head}{rest}:{moment.value}"', '    if not moment.zone:\n        return f"{head}{rest}:{moment.value}Z"', TYPES + "test_r18_every_moment_is_written_in_the_type_it_was_read_in"),
    Mutant("all-day gets the zone", "sync_engine/zones.py", "    if not moment.zone:\n        return floating", "    if not moment.zone:\n        return zone_of(next((_tzid(z) for z in zones), 'UTC'), zones) or floating", ZONES + "test_dates_and_floating_times_are_in_the_zone_that_is_asked_for"),
    Mutant("a zone goes by its name", "sync_engine/zones.py", "            if observances is not None:\n                return observances", "            if False:\n                return observances", ZONES + "test_r19_the_rules_count_and_not_the_name"),
    Mutant("an unknown zone is taken for a local one", "sync_engine/zones.py", "    return (match and _fixed(match[0])) or UTC", '    return (match and _fixed(match[0])) or by_name("Europe/Zurich") or UTC', ZONES + "test_r19_unknown_zones_are_flagged_and_taken_as_utc"),
    # the store
    Mutant("the base of a link is pruned", "storage/pruning.py", '        not_(_points_here(links, "base_revision", "echo_revision")),\n', "", SQLITE + "test_pruning_keeps_every_text_that_something_needs"),
    Mutant("the payload of an intent is pruned", "storage/pruning.py", '        not_(_points_here(intents, "revision_id")),\n', "", SQLITE + "test_pruning_keeps_every_text_that_something_needs"),
    Mutant("the loser of a conflict is pruned", "storage/pruning.py", '        not_(_points_here(conflicts, "hub_revision", "remote_revision", "base_revision")),\n', "", SQLITE + "test_pruning_keeps_every_text_that_something_needs"),
    Mutant("phones do not hear of pruned deletions", "storage/pruning.py", '        session.run(_RAISE_FLOOR, {"collection": collection_id, "new_floor": rows[-1].seq})\n', "", SQLITE + "test_pruning_forgets_tombstones_and_raises_the_floor"),
    Mutant("numbers out of the order of commits", "storage/session.py", "    .with_for_update()\n", "", POSTGRES + "test_numbers_are_given_in_the_order_of_commits"),
    Mutant("ids without case in SQL Server", "storage/columns.py", '"Latin1_General_100_BIN2"', '"Latin1_General_100_CI_AS"', "tests/contract/test_store_schema.py::test_all_tables_are_made_on_sql_server"),
    Mutant("an intent under way is replaced", "storage/outbox.py", "_REPLACED = delete(intents).where(*_OF_ITEMS, intents.c.state != _SENT)", "_REPLACED = delete(intents).where(*_OF_ITEMS)", SQLITE + "test_an_intent_replaces_an_older_one_that_was_not_sent"),
    Mutant("a phone is not told of a deletion", "storage/items_writer.py", '| {"seq": seq, "deleted": True, "changed_at": now}', '| {"deleted": True, "changed_at": now}', SQLITE + "test_a_deleted_item_is_a_tombstone_that_keeps_its_text"),
    Mutant("undo under another UID", "agendahub/restoring.py", "    return item if item.uid == hub.uid else Item.of(with_uid(item.record, hub.uid))", "    return item", HARD + "test_r03_a_version_that_a_remote_kept_under_its_own_uid_comes_back_under_the_hubs"),
    # accounts that speak DAV
    Mutant("update without If-Match", "connectors/dav/writing.py", 'self._put(ref.id, item, {"If-Match": tag} if tag else {})', "self._put(ref.id, item, {})", UNKIND + "test_an_update_of_another_version_is_refused"),
    Mutant("create without If-None-Match", "connectors/dav/writing.py", '{"If-None-Match": "*"}', "{}", UNKIND + "test_r05_creating_twice_makes_one"),
    Mutant("weak tags taken for versions", "connectors/dav/versions.py", '    if not tag or tag.startswith("W/"):', "    if not tag:", "tests/unit/test_dav_parts.py::test_only_strong_tags_are_versions"),
    Mutant("Retry-After not read", "connectors/dav/failures.py", "        seconds = DEFAULT_WAIT if wait is None else wait", "        seconds = 0.0", WRITES + "test_r27_a_long_wait_is_told_and_nothing_more_is_sent"),
    Mutant("a lost answer to a write is no doubt", "connectors/broken_connections.py", "    if writing and not never_sent(err):", "    if False:", WRITES + "test_r06_what_was_written_before_the_line_broke_is_found"),
    # our own server
    Mutant("phones overwrite each other", "dav_gateway/preconditions.py", "    if wanted and not matches(wanted, etag):", "    if False:", "tests/integration/test_gateway_items.py::test_conditional_writes"),
    Mutant("forgotten deletions are not told", "dav_gateway/tokens.py", "    return seq if shelf.floor <= seq <= shelf.seq else None", "    return seq if seq <= shelf.seq else None", SYNC + "test_r04_a_token_of_another_epoch_or_below_the_floor_is_refused"),
    Mutant("changes between two parts are skipped", "dav_gateway/sync_collection.py", "leaves[-1].seq if cut else shelf.seq", "shelf.seq", SYNC + "test_a_limit_cuts_with_507_and_the_rest_follows"),
    # Microsoft 365
    Mutant("a calendar's window deletes what leaves it", "connectors/microsoft365/listing.py", "yield from self._reading.fetch(place, sorted(gone & versions.keys()))", "yield from (Removed(i) for i in sorted(gone & versions.keys()))", GRAPH + "feed.py::test_r23_what_leaves_the_window_is_no_deletion"),
    Mutant("an occurrence that goes is nobody's", "connectors/microsoft365/listing.py", "if gone - versions.keys():", "if False:", GRAPH + "feed.py::test_an_occurrence_whose_id_only_is_told_as_removed_leads_to_its_series"),
    Mutant("what lies in Deleted Items is there", "connectors/microsoft365/reading.py", "            if not told_there:", "            if False:", GRAPH + "feed.py::test_what_lies_in_deleted_items_has_gone"),
    Mutant("a photo that failed is none", "connectors/microsoft365/reading.py", "    if photo is None or is_gone(photo):\n", "    if photo is None or is_gone(photo) or not photo.ok:\n", GRAPH + "items.py::test_r01_a_photo_that_cannot_be_read_is_not_deleted"),
    Mutant("a copy is taken for the original", "connectors/microsoft365/finding.py", "oldest = min(", "oldest = max(", GRAPH + "items.py::test_r37_a_copy_has_the_hidden_uid_and_the_original_is_found_by_its_key"),
    Mutant("a series that somebody moved is gone on with", "connectors/microsoft365/steps.py", "if not SCHEDULE & plan.body.keys():", "if True:", GRAPH + "series.py::test_r05_a_series_that_somebody_moved_meanwhile_is_not_gone_on_with"),
    Mutant("guests get a mail", "connectors/microsoft365/meetings.py", '    if not (_has_guests(document) or document.get("isOrganizer") is False):\n        return', "    return", GRAPH + "meetings.py::test_r10_a_meeting_of_ones_own_is_not_changed_nor_deleted"),
    Mutant("a deletion cancels a meeting", "connectors/microsoft365/meetings.py", 'if _has_guests(document) and document.get("isOrganizer") is not False:', "if False:", GRAPH + "meetings.py::test_r10_a_meeting_of_ones_own_is_not_changed_nor_deleted"),
    Mutant("a batch that got lost was not sent", "connectors/write_turns.py", "            return [err] * len(parts)", "            raise", GRAPH + "trouble.py::test_r06_a_batch_whose_answer_got_lost_is_in_doubt_as_a_whole"),
    Mutant("the token goes where a link leads", "connectors/microsoft365/transport.py", 'if not link.startswith(f"{self.base}/"):', "if False:", GRAPH + "trouble.py::test_no_token_goes_to_another_host"),
)  # fmt: skip
