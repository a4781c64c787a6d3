"""Every kind of update of Bot API 10.3, kinds and fields that nobody knows: stored, answered 200, handled."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.ingress.knocking import all_handled, knock, stored
from tests.support.running import running
from tests.telegram.test_envelope import SAMPLES

from botyard.inbox.models import UpdateState

STRANGE = {"hologram": {"chat": {"id": 1}}, "x" * 200: {}, "weiß\0": {"from": 1}, "": 1, "update": "text"}


async def test_each_kind_is_stored_counted_and_handled(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, webhook=True) as house:
        bodies = [(kind, body) for kind, (body, _) in SAMPLES.items()]
        # the same again, with fields that will be invented later
        bodies += [(kind, {**body, "later": {"deep": [1, None]}}) for kind, (body, _) in SAMPLES.items()]
        bodies += list(STRANGE.items())
        updates = [
            {"update_id": number, kind: body, "later": [number]} for number, (kind, body) in enumerate(bodies)
        ]
        answers = await asyncio.gather(*(knock(house, update) for update in updates))
        assert {answer.status for answer in answers} == {200}
        await house.until(lambda: all_handled(house.database), seconds=20)

        rows = {row.update_id: row for row in await stored(house.database)}
        assert len(rows) == len(bodies)
        for number, (kind, _) in enumerate(bodies):
            row = rows[number]
            assert (row.state, row.error) == (UpdateState.DONE, None), kind
            assert row.outcome not in (None, "unreadable"), kind
            if kind in SAMPLES:
                assert row.kind == kind
            else:
                assert row.outcome == "ignored"
        metrics = await house.metrics()
        for kind in SAMPLES:
            assert f'telegram_updates_total{{bot_name="shop",type="{kind}"}} 2.0' in metrics
        assert f'telegram_updates_total{{bot_name="shop",type="other"}} {len(STRANGE)}.0' in metrics
        assert 'telegram_dead_letters{bot_name="shop"} 0.0' in metrics


async def test_each_kind_comes_through_polling_too(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as house:
        for kind, (body, _) in SAMPLES.items():
            await house.control("POST", "updates", bot="shop", update={kind: body})

        async def all_came() -> bool:
            return len(await stored(house.database)) == len(SAMPLES)

        await house.until(all_came)
        await house.until(lambda: all_handled(house.database), seconds=20)
        rows = await stored(house.database)
        assert [row.kind for row in rows] == list(SAMPLES)
        assert {row.state for row in rows} == {UpdateState.DONE}
