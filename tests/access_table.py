"""Who may call which route: the table that every route must be in (security.md 5.2).

`get`, `post` and the others name the roles that may, "" nobody (the method does not exist). `of` says what the
route's id belongs to; whoever does not reach that thing gets 404. `owner` routes are a person's own: for others, 404.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

INVESTIGATOR, SUPERVISOR, EXPORTER = "investigator", "supervisor", "exporter"
AUDITOR, WELFARE, ADMIN = "auditor", "welfare", "admin"
EVERYBODY = frozenset({INVESTIGATOR, SUPERVISOR, EXPORTER, AUDITOR, WELFARE, ADMIN})
NOBODY: frozenset[str] = frozenset()
TEAM = frozenset({INVESTIGATOR, SUPERVISOR, EXPORTER})
REVIEWERS = frozenset({INVESTIGATOR, SUPERVISOR})
ONLY_INVESTIGATORS = frozenset({INVESTIGATOR})
ONLY_SUPERVISORS = frozenset({SUPERVISOR})
EXPORTERS = frozenset({SUPERVISOR, EXPORTER})
LOG_READERS = frozenset({SUPERVISOR, AUDITOR, ADMIN})
SET_READERS = TEAM | {AUDITOR, ADMIN}
METHODS = ("GET", "POST", "HEAD", "PATCH", "DELETE")
KEY = {"Idempotency-Key": "3f6c1f6e-8f0f-4d0e-9a8e-0b7a52f6a1c3"}
DECISION = {"sha256": "", "code": "1"}  # the test knows a content that nobody decided
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Route:
    """One route: its roles by method, what its id is of, and a body that a POST understands."""

    name: str
    get: frozenset[str] = NOBODY
    post: frozenset[str] = NOBODY
    head: frozenset[str] = NOBODY  # where it is not GET without a body
    patch: frozenset[str] = NOBODY
    delete: frozenset[str] = NOBODY
    of: str = ""
    owner: bool = False
    without_sign_in: bool = False
    body: dict[str, Any] | None = None
    query: str = ""
    headers: dict[str, str] | None = None  # what every request to it carries
    by_peer: bool = False  # other organisations by token; to a person it is as if nobody asked

    def may(self, method: str) -> frozenset[str]:
        """The roles that may use the method."""
        roles: frozenset[str] = getattr(self, method.lower())
        return roles

    @property
    def by_token(self) -> bool:
        """Whether a token says who asks, and no session does."""
        return self.name.startswith("api:") and not self.without_sign_in

    @property
    def method(self) -> str:
        """The first method that somebody may use."""
        return next(method for method in METHODS if self.may(method))


ROUTES = [
    # anybody may knock
    Route("workbench:signin", get=EVERYBODY, post=EVERYBODY, without_sign_in=True),
    Route("workbench:setup", get=EVERYBODY, post=EVERYBODY, of="token", without_sign_in=True),
    Route("workbench:health", get=EVERYBODY, without_sign_in=True),
    # everybody has an account
    Route("workbench:signout", post=EVERYBODY),
    Route("workbench:account", get=EVERYBODY, post=EVERYBODY),
    Route("workbench:language", post=EVERYBODY, body={"language": "de"}),
    Route("workbench:tokens", post=EVERYBODY),
    Route("workbench:keys", get=EVERYBODY, post=EVERYBODY, body={"unsure": "KeyQ", "single": "1"}),
    Route("workbench:keys_single", post=EVERYBODY, body={"on": "1"}),
    Route("workbench:token_revoke", post=EVERYBODY, of="api_token", owner=True),
    # the log is for those who oversee
    Route("workbench:audit", get=LOG_READERS),
    Route("workbench:audit_verify", post=LOG_READERS),
    # the lists hold what a person may see
    Route("cases:home", get=EVERYBODY),
    Route("cases:home_panel", get=EVERYBODY),
    Route("cases:goto", get=EVERYBODY),
    Route("cases:api_goto", get=EVERYBODY),
    Route("cases:list", get=EVERYBODY),
    Route("cases:new", get=REVIEWERS, post=REVIEWERS),
    # a case: administrators see none; only those who review see items
    Route("cases:case", get=TEAM | {AUDITOR, WELFARE}, of="case"),
    Route("cases:progress", get=TEAM | {AUDITOR, WELFARE}, of="case"),
    Route("cases:progress_stream", get=TEAM | {AUDITOR, WELFARE}, of="case"),
    Route("cases:edit", get=REVIEWERS, post=REVIEWERS, of="case", body={"name": "Quay lights"}),
    Route("cases:members", post=ONLY_SUPERVISORS, of="case", body={"user": "", "action": "add"}),
    Route("cases:close", post=ONLY_SUPERVISORS, of="case", body={"reason": "done"}),
    Route("cases:problems", get=TEAM | {AUDITOR}, of="case"),
    Route("cases:problem_file", get=TEAM | {AUDITOR}, of="case"),
    Route("cases:items", get=REVIEWERS, of="case"),
    Route("cases:map", get=REVIEWERS, of="case"),
    Route("cases:item", get=REVIEWERS, of="item"),
    Route("cases:waive", post=ONLY_SUPERVISORS, of="item"),
    Route("cases:supersede", post=ONLY_SUPERVISORS, of="item", body={"code": "2", "reason": "clearer"}),
    Route("cases:confirm", post=REVIEWERS, of="case"),
    # evidence
    Route("cases:add_evidence", get=REVIEWERS, post=REVIEWERS, of="case"),
    Route("cases:upload_start", post=REVIEWERS, of="case", body={"ref": "X-9", "files": "1", "bytes": "1"}),
    Route("cases:upload_files", post=REVIEWERS, of="exhibit"),
    Route("cases:upload_done", post=REVIEWERS, of="exhibit"),
    Route("cases:exhibit_verify", post=TEAM | {AUDITOR}, of="exhibit"),
    Route("cases:api_announce", post=REVIEWERS, of="exhibit", body={"files": [["YQ==", 1]]}),
    Route("cases:api_uploads", post=REVIEWERS, of="exhibit", headers=TUS),
    Route("cases:api_upload", head=REVIEWERS, patch=REVIEWERS, delete=REVIEWERS, of="upload", headers=TUS),
    Route("cases:exhibit_act", post=REVIEWERS, of="exhibit"),
    # review: a batch is its owner's
    Route("cases:queue", get=ONLY_INVESTIGATORS, of="case"),
    Route("cases:queue_count", get=ONLY_INVESTIGATORS, of="case"),
    Route("cases:save_filter", post=ONLY_INVESTIGATORS, of="case", body={"name": "mine"}),
    Route("cases:keep_cases", post=EVERYBODY, body={"name": "mine", "stage": "review"}),
    Route("cases:forget_cases", post=EVERYBODY, of="cases_kept", owner=True),
    Route("cases:filter", post=ONLY_INVESTIGATORS, of="kept", owner=True, body={"act": "share"}),
    Route("cases:next_batch", post=ONLY_INVESTIGATORS, of="case"),
    Route("cases:next_second", post=ONLY_INVESTIGATORS, of="case"),
    Route("cases:batch", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_batch", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_units", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_veils", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_changes", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_members", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_decisions", post=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_beside", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_strip", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_add", post=ONLY_INVESTIGATORS, of="batch", owner=True, body={"items": []}),
    Route("cases:api_waiting", get=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_grounds", post=ONLY_INVESTIGATORS, of="batch", owner=True, body={"act": str(UUID(int=7))}),
    Route("cases:api_close", post=ONLY_INVESTIGATORS, of="batch", owner=True),
    Route("cases:api_stack", get=REVIEWERS, of="stack"),
    Route("cases:api_view", get=ONLY_INVESTIGATORS, of="view", owner=True),
    Route("cases:api_viewings", post=REVIEWERS, body={"viewings": []}),
    Route("cases:media_veil", get=REVIEWERS, of="item"),
    Route("cases:media_clear", get=REVIEWERS, of="item"),
    Route("cases:media_clip", get=REVIEWERS, of="item"),
    Route("cases:media_sound", get=REVIEWERS, of="item"),
    Route("cases:media_loudness", get=REVIEWERS, of="item"),
    Route("cases:media_frames", get=REVIEWERS, of="item"),
    Route("cases:media_frame_veil", get=REVIEWERS, of="item"),
    Route("cases:media_frame_clear", get=REVIEWERS, of="item"),
    # where two people differ, and how far they agree
    Route("cases:second", get=ONLY_SUPERVISORS),
    Route("cases:second_pairs", get=ONLY_SUPERVISORS, query="first=1&second=2"),
    Route("cases:samples", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, body={"reason": "a trial"}),
    Route("cases:second_shares", post=ONLY_SUPERVISORS, body={"reason": "a trial", "share:4": "10"}),
    Route("cases:rulings", get=ONLY_SUPERVISORS),
    Route(
        "cases:ruling",
        get=ONLY_SUPERVISORS,
        post=ONLY_SUPERVISORS,
        of="disagreement",
        body={"code": "2", "reason": "clearer"},
    ),
    # care: a record is its person's; supervisors see states of today, welfare what is shared, an auditor gives a reason
    Route("cases:viewing", get=REVIEWERS),
    Route("cases:viewing_settings", post=REVIEWERS),
    Route("cases:viewing_break", post=REVIEWERS, body={"act": "start"}),
    Route("cases:viewing_share", post=REVIEWERS, body={"on": "1"}),
    Route("cases:api_screen_time", post=REVIEWERS, body={"visit": str(UUID(int=7)), "on_screen_ms": 0}),
    Route("cases:api_break", post=REVIEWERS, body={"act": "start"}),
    Route("cases:budget", get=EVERYBODY, post=EVERYBODY, body={"reason": "a trial"}),
    Route("cases:limits", get=ONLY_SUPERVISORS),
    Route("cases:dashboard", get=ONLY_SUPERVISORS),
    Route("cases:dashboard_csv", get=ONLY_SUPERVISORS),
    Route("cases:care_rules", get=frozenset({SUPERVISOR, ADMIN}), post=frozenset({SUPERVISOR, ADMIN})),
    Route("cases:limit_override", post=ONLY_SUPERVISORS, of="person", body={"minutes": "15", "reason": "a child"}),
    Route("cases:wellness", get=frozenset({WELFARE, AUDITOR})),
    Route(
        "cases:wellness_record",
        get=frozenset({WELFARE, AUDITOR}),
        post=frozenset({WELFARE, AUDITOR}),
        of="person",
        body={"reason": "a complaint"},
    ),
    # giving back and handing over
    Route("cases:publish", get=TEAM),
    Route("cases:sign", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS),
    Route("cases:sent", get=ONLY_SUPERVISORS),
    Route("cases:offers_act", post=ONLY_SUPERVISORS, body={"act": "approve"}),
    Route("cases:exports", get=TEAM | {AUDITOR}, post=EXPORTERS, of="case"),
    Route("cases:all_exports", get=TEAM | {AUDITOR}),
    Route("cases:export_file", get=EXPORTERS, of="export"),
    # hash sets
    Route("cases:set_health", get=SET_READERS),
    Route("exchange:list", get=LOG_READERS),
    Route("exchange:disputes", get=LOG_READERS),
    Route("exchange:confirm_share", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:pair", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS),
    Route("exchange:unpack", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS),
    Route("exchange:sources", get=LOG_READERS),
    Route("exchange:new_source", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS),
    Route("exchange:source", get=LOG_READERS, of="source"),
    Route("exchange:ask_source", post=ONLY_SUPERVISORS, of="source"),
    Route("exchange:pause_source", post=ONLY_SUPERVISORS, of="source", body={"reason": "their move"}),
    Route("exchange:resume_source", post=ONLY_SUPERVISORS, of="source"),
    Route("exchange:restart_source", post=ONLY_SUPERVISORS, of="source", body={"reason": "their restore"}),
    Route("exchange:key_source", post=ONLY_SUPERVISORS, of="source", body={"secret0": "name", "secret1": "word"}),
    Route("exchange:leave_source", post=ONLY_SUPERVISORS, of="source", body={"reason": "their end"}),
    Route("exchange:peer", get=LOG_READERS, of="peer"),
    Route("exchange:confirm", post=ONLY_SUPERVISORS, of="peer", body={"fingerprint": "FA4E"}),
    Route("exchange:suspend", post=ONLY_SUPERVISORS, of="peer", body={"reason": "a lost key"}),
    Route("exchange:release", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:credential", post=ONLY_SUPERVISORS, of="peer", body={"make": "1"}),
    Route("exchange:certificate", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:confirm_certificate", post=ONLY_SUPERVISORS, of="peer", body={"fingerprint": "FA4E"}),
    Route("exchange:allow", post=ONLY_SUPERVISORS, of="peer", body={"scopes": "read"}),
    Route("exchange:voice", post=ONLY_SUPERVISORS, of="peer", body={"alone": "1"}),
    Route("exchange:share", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:end_share", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:package", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:opinions", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:package_file", get=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:package_uploads", post=ONLY_SUPERVISORS, headers=TUS),
    Route(
        "exchange:package_upload",
        head=ONLY_SUPERVISORS,
        patch=ONLY_SUPERVISORS,
        delete=ONLY_SUPERVISORS,
        of="package_upload",
        headers=TUS,
    ),
    Route("exchange:courier_run", get=ONLY_SUPERVISORS, of="package_run"),
    Route("exchange:courier_progress", get=ONLY_SUPERVISORS, of="package_run"),
    Route("exchange:courier_cancel", post=ONLY_SUPERVISORS, of="package_run"),
    Route("exchange:courier_again", post=ONLY_SUPERVISORS, of="package_run"),
    Route("exchange:subscribe", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:terms", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:end_reading", post=ONLY_SUPERVISORS, of="peer", body={"reason": "moved"}),
    Route("exchange:resume", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:pull", post=ONLY_SUPERVISORS, of="peer"),
    Route("exchange:settle", post=ONLY_SUPERVISORS, of="peer"),
    Route("hashsets:list", get=SET_READERS),
    Route("hashsets:new", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS),
    Route("hashsets:set", get=SET_READERS, of="set"),
    Route("hashsets:import", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, of="set"),
    Route("hashsets:list_uploads", post=ONLY_SUPERVISORS, of="set", headers=TUS),
    Route(
        "hashsets:list_upload",
        head=ONLY_SUPERVISORS,
        patch=ONLY_SUPERVISORS,
        delete=ONLY_SUPERVISORS,
        of="list_upload",
        headers=TUS,
    ),
    Route("hashsets:import_run", get=ONLY_SUPERVISORS, of="run"),
    Route("hashsets:import_progress", get=ONLY_SUPERVISORS, of="run"),
    Route("hashsets:import_now", post=ONLY_SUPERVISORS, of="run"),
    Route("hashsets:versions", get=SET_READERS, of="set"),
    Route("hashsets:diff", get=SET_READERS, of="set"),
    Route("hashsets:rollback", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, of="set", body={"reason": "wrong list"}),
    Route("hashsets:find", get=TEAM, post=TEAM, of="set"),
    Route("hashsets:entry", get=TEAM | {AUDITOR}, of="set"),
    Route("hashsets:entry_vote", post=ONLY_SUPERVISORS, of="set", body={"code": "1"}),
    Route("hashsets:entry_take_back", post=ONLY_SUPERVISORS, of="set", body={"reason": "misread"}),
    Route("hashsets:entry_resolve", post=ONLY_SUPERVISORS, of="set", body={"code": "1", "reason": "looked"}),
    Route("hashsets:overlap", get=SET_READERS, of="set"),
    Route("hashsets:policy", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, of="set"),
    Route("hashsets:watch", post=ONLY_SUPERVISORS, of="set", body={"on": "1"}),
    Route("hashsets:retire", post=ONLY_SUPERVISORS, of="set"),
    Route("hashsets:export", get=EXPORTERS, of="set", query="format=csv"),
    Route("hashsets:filter", get=EXPORTERS, of="set", query="kind=md5"),
    Route("hashsets:lookup", get=TEAM, post=TEAM),
    Route("hashsets:schemes", get=SET_READERS),
    Route("hashsets:scheme", get=SET_READERS),
    Route("hashsets:new_scheme", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS),
    Route("hashsets:new_scheme_version", post=ONLY_SUPERVISORS, body={"scheme": "northmoor.own"}),
    Route("hashsets:scheme_draft", get=ONLY_SUPERVISORS, post=ONLY_SUPERVISORS, of="draft"),
    Route("hashsets:approve_scheme", post=ONLY_SUPERVISORS, of="draft", body={"seen": "1"}),
    Route("hashsets:discard_scheme", post=ONLY_SUPERVISORS, of="draft", body={"seen": "1"}),
    # the public API: the same rights, by token
    Route("api:schema", get=EVERYBODY, without_sign_in=True),
    Route("api:cases", get=EVERYBODY),
    Route("api:case", get=TEAM | {AUDITOR, WELFARE}, of="case"),
    Route("api:contents", get=REVIEWERS, of="case"),
    Route("api:decisions", get=REVIEWERS, post=ONLY_INVESTIGATORS, of="case", headers=KEY, body=DECISION),
    Route("api:sets", get=SET_READERS),
    Route("api:set", get=SET_READERS, of="set"),
    Route("api:lookup", post=TEAM, body={"purpose": "a test", "hashes": ["0" * 32]}),
    # the exchange: for other organisations (tests/hashsets/odata/test_every_call.py), not for people
    Route("odata:openapi", get=EVERYBODY, without_sign_in=True),
    Route("odata:node", get=EVERYBODY, without_sign_in=True),
    *(
        Route(f"odata:{name}", by_peer=True)
        for name in (
            "service", "metadata", "sets", "set", "set_media", "all_media", "contribute", "export", "filter",
            "packages", "package", "entry", "vote", "retract", "by_hash", "lookup", "range", "nothing",
        )
    ),
    Route("odata:token", post=EVERYBODY, without_sign_in=True, body={"grant_type": "password"}),
]  # fmt: skip
BY_NAME = {route.name: route for route in ROUTES}
