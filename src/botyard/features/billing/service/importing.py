"""Importing plans and codes: all of a file or nothing, and the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Plan
from botyard.features.billing.service import codes, editing
from botyard.features.billing.service.codes import CodeDraft, KeptCode
from botyard.features.billing.service.editing import Editor, KeptPlan, completed
from botyard.features.billing.service.plan_drafts import LENGTH, PlanDraft, problems_of, usual_pack
from botyard.features.billing.service.plans_file import BadPlansFile, FileKind, Row, read_file
from botyard.features.billing.service.turns import one_at_a_time

CAN_BE_NOTHING = frozenset({"days", "months", "trial_days", "sold_from", "sold_until"})
"""Fields that can be nothing."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `archived` and `restored` plans may also count as changed."""

    added: int
    changed: int
    unchanged: int
    archived: int
    restored: int
    codes: int
    """Codes that were added or changed."""


@dataclass(frozen=True, slots=True)
class _PlanEntry:
    kept: KeptPlan | None
    draft: PlanDraft
    archived: bool


@dataclass(frozen=True, slots=True)
class _CodeEntry:
    kept: KeptCode | None
    draft: CodeDraft


async def import_file(
    session: AsyncSession, content: bytes, kind: FileKind, by: Editor, *, archive_missing: bool = False
) -> Imported:
    """Brings the plans and codes of a file into the catalog, in the order of the file.

    What the file does not say of a plan that is there stays as it is. A plan of the file is sold from now on
    unless it says `archived = true`; with `archive_missing`, plans that are not in the file no longer are.
    Raises `BadPlansFile` with every fault, and changes nothing.
    """
    found = read_file(content, kind)
    await one_at_a_time(session)
    kept = await editing.listed(session)
    plans = _plans(found.plans, {each.code: each for each in kept})
    known = {each.code: each.draft for each in kept} | {each.draft.code: each.draft for each in plans}
    words = {word for draft in known.values() for word in (draft.code, draft.pack or usual_pack(draft.code))}
    entries = await _codes(session, found.codes, words, by)
    faults = [
        f"{row.place}: {' '.join(row.problems)}" for row in (*found.plans, *found.codes) if row.problems
    ]
    if faults:
        raise BadPlansFile(faults)
    return await _put(session, plans, entries, kept, by, archive_missing=archive_missing)


def _plans(rows: Sequence[Row], kept: dict[str, KeptPlan]) -> list[_PlanEntry]:
    """The plans that the rows make. What is wrong with them is added to their problems."""
    entries: list[_PlanEntry] = []
    _find_doubles(rows)
    for row in rows:
        given = dict(row.given)
        archived = bool(given.pop("archived", False))
        before = kept.get(row.code)
        if given.keys() & {*LENGTH}:  # who gives one takes the others back
            given = dict.fromkeys(("days", "months")) | {"stars_subscription": False} | given
        draft = _laid_over(before.draft if before else PlanDraft(code="", title=""), given)
        row.problems += problems_of(draft, row.unsure)
        entries.append(_PlanEntry(before, completed(draft), archived))
    return entries


def _laid_over(draft: PlanDraft, given: dict[str, Any]) -> PlanDraft:
    if given.get("pack") == "":
        given["pack"] = usual_pack(given.get("code", draft.code))
    return replace(
        draft, **{name: value for name, value in given.items() if value is not None or name in CAN_BE_NOTHING}
    )


async def _codes(session: AsyncSession, rows: Sequence[Row], known: set[str], by: Editor) -> list[_CodeEntry]:
    """The codes that the rows make. What is wrong with them is added to their problems."""
    if not rows:
        return []
    kept = {each.code: each for each in await codes.listed(session, by.now)}
    _find_doubles(rows)
    entries: list[_CodeEntry] = []
    for row in rows:
        draft = replace(CodeDraft(code=""), **row.given)
        if not row.unsure:
            row.problems += codes.problems_of(draft, known)
        entries.append(_CodeEntry(kept.get(draft.code), draft))
    return entries


def _find_doubles(rows: Iterable[Row]) -> None:
    first: dict[str, Row] = {}
    for row in rows:
        if row.code and (other := first.setdefault(row.code, row)) is not row:
            row.problems.append(f"This is {other.place} again.")


async def _put(
    session: AsyncSession,
    plans: Sequence[_PlanEntry],
    entries: Sequence[_CodeEntry],
    kept: Sequence[KeptPlan],
    by: Editor,
    *,
    archive_missing: bool,
) -> Imported:
    """Writes all that the file says, which has no faults."""
    added = changed = archived = restored = 0
    for number, entry in enumerate(plans, 1):
        if entry.kept is None:
            await editing.put_new(session, entry.draft, number, by)
            added += 1
        else:
            changed += await editing.put(session, entry.kept, entry.draft, by)
        if entry.archived:
            archived += await editing.archive(session, entry.draft.code, by)
        elif entry.kept is not None:
            restored += await editing.restore(session, entry.draft.code, by)
    listed = {entry.draft.code for entry in plans}
    missing = [each for each in kept if each.code not in listed]
    if archive_missing:
        for each in missing:
            archived += await editing.archive(session, each.code, by)
    await _number(session, [entry.draft.code for entry in plans], [each.code for each in missing])
    return Imported(
        added=added,
        changed=changed,
        unchanged=len(plans) - added - changed,
        archived=archived,
        restored=restored,
        codes=sum([await _put_code(session, entry, by) for entry in entries]),
    )


async def _put_code(session: AsyncSession, entry: _CodeEntry, by: Editor) -> bool:
    if entry.kept is None:
        await codes.put_new(session, entry.draft, by)
        return True
    return await codes.put(session, entry.kept, entry.draft, by)


async def _number(session: AsyncSession, listed: Sequence[str], missing: Sequence[str]) -> None:
    """Plans of the file come first, in its order; the others follow in theirs."""
    places = {code: number for number, code in enumerate((*listed, *missing), 1)}
    for row in await session.scalars(select(Plan)):
        if row.position != places[row.code]:
            row.position = places[row.code]
