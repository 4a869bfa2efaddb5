"""What the case page says of an exhibit's seal, in a sentence; no queries."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime

from cases.models import Exhibit
from cases.sealing import LIST, VERIFIED
from workbench.models import Job

SHORT = 12  # digits of a hash that people compare by eye


def said(exhibit: Exhibit, job: Job | None) -> tuple[str, bool]:
    """The sentence, and whether it tells of something wrong. Empty for an exhibit without a seal."""
    if not exhibit.sealed_at or LIST not in exhibit.integrity:
        return "", False
    if job and job.state in Job.LIVE:
        return f"Being verified, {job.cursor.get('percent', 0)} %", False
    verdict = exhibit.integrity.get(VERIFIED)
    if verdict and datetime.fromisoformat(verdict["at"]) > exhibit.sealed_at:
        return _of_verdict(verdict)
    if job and job.state == Job.State.FAILED:
        return f"Not verified: {job.message}", True
    return f"Sealed {_moment(exhibit.sealed_at)}, {exhibit.integrity[LIST]['sha256'][:SHORT]}", False


def _of_verdict(verdict: dict[str, Any]) -> tuple[str, bool]:
    at = f"Verified {_moment(datetime.fromisoformat(verdict['at']))}"
    if verdict["ok"]:
        return f"{at}: all {verdict['files']:,} files are what came in", False
    wrong = [f"{verdict[name]:,} {name}" for name in ("missing", "differing", "unreachable") if verdict[name]]
    wrong += ["the list of files is not the sealed one"] * (not verdict["list_agrees"])
    wrong += ["the log was changed"] * (not verdict["log_stands"])
    return f"{at}: {', '.join(wrong)}", True


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "j M H:i")
