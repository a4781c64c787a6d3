"""The catalog as a file that `importing` reads: what is imported from it again changes nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.service import codes, editing
from botyard.features.billing.service.codes import KeptCode
from botyard.features.billing.service.editing import KeptPlan
from botyard.features.billing.service.plans_file import FileKind

_COLUMNS = (
    *("code", "title", "description", "pack", "days", "months", "stars_subscription", "stripe_subscription"),
    *("trial_days", "features", "chats", "sold_from", "sold_until", "archived"),
)


async def export(session: AsyncSession, kind: FileKind, now: datetime) -> str:
    """All plans, archived ones too; TOML also has the discount codes that were not ended."""
    plans = await editing.listed(session)
    if kind is FileKind.CSV:
        return _as_csv(plans)
    live = [each for each in await codes.listed(session, now) if each.active]
    tables = [*map(_plan_table, plans), *(_code_table(each) for each in reversed(live))]
    return "\n\n".join(tables) + "\n" if tables else ""


def _plan_table(plan: KeptPlan) -> str:
    draft = plan.draft
    lines = [f"code = {_quoted(draft.code)}", f"title = {_quoted(draft.title)}"]
    if draft.description:
        lines.append(f"description = {_quoted(draft.description)}")
    lines.append(f"pack = {_quoted(draft.pack)}")
    if draft.stars_subscription:
        lines.append("stars_subscription = true")
    else:
        lines.append(f"months = {draft.months}" if draft.months else f"days = {draft.days}")
    if draft.stripe_subscription:
        lines.append("stripe_subscription = true")
    if draft.trial_days is not None:
        lines.append(f"trial_days = {draft.trial_days}")
    lines.append(f"features = {_list(map(_quoted, draft.features))}")
    lines.append(f"chats = {_list(map(str, draft.chats))}")
    prices = ", ".join(f"{currency} = {amount}" for currency, amount in draft.prices.items())
    lines.append(f"prices = {{ {prices} }}")
    lines += _moments(("sold_from", draft.sold_from), ("sold_until", draft.sold_until))
    if plan.archived_at is not None:
        lines.append("archived = true")
    return "\n".join(["[[plan]]", *lines])


def _code_table(kept: KeptCode) -> str:
    draft = kept.draft
    lines = [f"code = {_quoted(draft.code)}"]
    numbers = (("percent", draft.percent), ("amount", draft.amount))
    lines += [f"{name} = {value}" for name, value in numbers if value is not None]
    if draft.currency is not None:
        lines.append(f"currency = {_quoted(draft.currency)}")
    limits = (("uses", draft.uses), ("member", draft.member))
    lines += [f"{name} = {value}" for name, value in limits if value is not None]
    if draft.once_per_member:
        lines.append("once_per_member = true")
    if draft.plans:
        lines.append(f"plans = {_list(map(_quoted, draft.plans))}")
    lines += _moments(("expires", draft.expires))
    return "\n".join(["[[code]]", *lines])


def _moments(*named: tuple[str, datetime | None]) -> Iterator[str]:
    for name, moment in named:
        if moment is not None:
            yield f"{name} = {_iso(moment)}"


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON, and DEL besides."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _as_csv(plans: Sequence[KeptPlan]) -> str:
    currencies = sorted({currency for plan in plans for currency in plan.draft.prices})
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow([*_COLUMNS, *currencies])
    for plan in plans:
        draft = plan.draft
        prices = [draft.prices.get(currency, "") for currency in currencies]
        rows.writerow([*(_cell(plan, column) for column in _COLUMNS), *prices])
    return written.getvalue()


def _cell(plan: KeptPlan, column: str) -> str:
    if column == "archived":
        return _shown(plan.archived_at is not None)
    if column == "days" and plan.draft.stars_subscription:
        return ""
    value = getattr(plan.draft, column)
    if column in ("features", "chats"):
        return " ".join(map(str, value))
    return _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, datetime):
        return _iso(value)
    return "" if value is None else str(value)
