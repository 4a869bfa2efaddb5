"""App configuration: a new version of a set, or another policy, wakes a re-match at once."""

from typing import Any

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Evidence, review and results."""

    name = "cases"
    append_only = frozenset({"cases_decision", "cases_note"})
    # Who saw, did, offered and exported; what is seized, and a sender's words about it.
    kept = frozenset(
        {
            "cases_act",
            "cases_batch",
            "cases_break",
            "cases_case",
            "cases_content",
            "cases_disagreement",
            "cases_exhibit",
            "cases_export",
            "cases_fileinstance",
            "cases_importedrecord",
            "cases_item",
            "cases_limitoverride",
            "cases_limitreached",
            "cases_listening",
            "cases_match",
            "cases_offer",
            "cases_screenminute",
            "cases_secondopinion",
            "cases_secondview",
            "cases_stack",
            "cases_stackrule",
            "cases_standing",
            "cases_viewing",
        }
    )
    # Whose decision it is, who offered it, and who looked at or heard what never change.
    changeable = {
        "cases_disagreement": ("closed_at", "ruling_id", "ruled_by_id"),
        "cases_break": ("ended_at", "skipped"),
        "cases_limitoverride": (),
        "cases_limitreached": (),
        "cases_listening": ("heard_ms",),
        "cases_screenminute": ("ms",),
        "cases_offer": (
            "state",
            "reason",
            "approved_by_id",
            "withdrawn_by_id",
            "confirmed_by_id",
            "entry",
            "generation",
        ),
        "cases_secondopinion": (),
        "cases_viewing": ("enlarged_ms", "revealed_ms"),
    }

    def ready(self) -> None:
        """Listen to the sets, and answer them; keep sealed cases out of logs.

        The sweeper polls the sets too: a lost call costs seconds.
        """
        from cases import budgets, foreseen, scope
        from cases.second import blind
        from hashsets import charges, effects, generations, withheld
        from workbench import event_log

        event_log.keep_secret(scope.sealed_from)
        event_log.keep_blind(blind.cases)
        withheld.register(blind.digests)

        charges.register(budgets.search)
        effects.register(foreseen)
        generations.changed.connect(_wake, dispatch_uid="cases.rematch")


def _wake(**_kwargs: Any) -> None:
    from cases import tasks

    tasks.wake_matching()
