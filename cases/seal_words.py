"""What the case page says of an exhibit's seal, in a sentence; no queries."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases.models import Exhibit
from cases.sealing import LIST, VERIFIED
from workbench.models import Job
from workbench.words import digits

WRONG = {
    "missing": noop("%(n)s missing"),
    "differing": noop("%(n)s differing"),
    "unreachable": noop("%(n)s unreachable"),
}
SHORT = 12  # digits of a hash that people compare by eye


def said(exhibit: Exhibit, job: Job | None) -> tuple[str, bool]:
    """The sentence, and whether it tells of something wrong. Empty for an exhibit without a seal."""
    if not exhibit.sealed_at or LIST not in exhibit.integrity:
        return "", False
    if job and job.state in Job.LIVE:
        return _("Being verified, %(n)s %%") % {"n": job.cursor.get("percent", 0)}, False
    verdict = exhibit.integrity.get(VERIFIED)
    if verdict and datetime.fromisoformat(verdict["at"]) > exhibit.sealed_at:
        return _of_verdict(verdict)
    if job and job.state == Job.State.FAILED:
        return _("Not verified: %(message)s") % {"message": _(job.message)}, True
    return _("Sealed %(moment)s, %(sha256)s") % {
        "moment": _moment(exhibit.sealed_at),
        "sha256": exhibit.integrity[LIST]["sha256"][:SHORT],
    }, False


def _of_verdict(verdict: dict[str, Any]) -> tuple[str, bool]:
    at = _("Verified %(moment)s") % {"moment": _moment(datetime.fromisoformat(verdict["at"]))}
    if verdict["ok"]:
        return _("%(at)s: all %(files)s files are what came in") % {"at": at, "files": digits(verdict["files"])}, False
    wrong = [_(text) % {"n": digits(verdict[name])} for name, text in WRONG.items() if verdict[name]]
    wrong += [_("the list of files is not the sealed one")] * (not verdict["list_agrees"])
    wrong += [_("the log was changed")] * (not verdict["log_stands"])
    return f"{at}: {', '.join(wrong)}", True


def _moment(at: datetime) -> str:
    local = localtime(at)
    return f"{date_format(local, 'MONTH_DAY_FORMAT')} {date_format(local, 'H:i')}"
