"""The tables of a case, in the order the work goes: evidence, review, decisions, results (model.md)."""

from cases.models.budgets import BudgetLift, Spent
from cases.models.care import (
    Break,
    CareChoice,
    CareRule,
    LimitOverride,
    LimitReached,
    ScreenMinute,
    ScreenVisit,
)
from cases.models.counts import DayCount, KnownIn
from cases.models.evidence import Content, Exhibit, FileInstance, ImportedRecord, Keyframe, Metadata
from cases.models.films import KeptMoment, Loudness
from cases.models.investigation import Case, CaseMember
from cases.models.matching import Match, NearDue, SetSync
from cases.models.notes import Note
from cases.models.queue import Arrival, CaseFilter, SavedFilter, Weighing
from cases.models.results import Export, Offer, Tally
from cases.models.review import (
    Act,
    Batch,
    Decision,
    Grounds,
    Item,
    Listening,
    Stack,
    StackMove,
    StackRule,
    Standing,
    Uncompared,
    Viewing,
)
from cases.models.second import Disagreement, Sample, SampleDraw, SecondOpinion, SecondShare, SecondView, Why
from cases.models.uploads import AnnouncedFile, DropEntry, ResumableUpload

__all__ = [
    "Act",
    "AnnouncedFile",
    "Arrival",
    "Batch",
    "Break",
    "BudgetLift",
    "CareChoice",
    "CareRule",
    "Case",
    "CaseFilter",
    "CaseMember",
    "Content",
    "DayCount",
    "Decision",
    "Disagreement",
    "DropEntry",
    "Exhibit",
    "Export",
    "FileInstance",
    "Grounds",
    "ImportedRecord",
    "Item",
    "KeptMoment",
    "Keyframe",
    "KnownIn",
    "LimitOverride",
    "LimitReached",
    "Listening",
    "Loudness",
    "Match",
    "Metadata",
    "NearDue",
    "Note",
    "Offer",
    "ResumableUpload",
    "Sample",
    "SampleDraw",
    "SavedFilter",
    "ScreenMinute",
    "ScreenVisit",
    "SecondOpinion",
    "SecondShare",
    "SecondView",
    "SetSync",
    "Spent",
    "Stack",
    "StackMove",
    "StackRule",
    "Standing",
    "Tally",
    "Uncompared",
    "Viewing",
    "Weighing",
    "Why",
]
