"""Migrations are the only source of schema: up, down and up again, and nothing differs from the models."""

from __future__ import annotations

import importlib

import pytest
from sqlalchemy import text

from botyard.db import migrate
from botyard.db.inventory import INDEXES, index_differences
from botyard.db.types import metadata

NOW = "2027-03-01 12:00:00+00:00"
ROWS = f"""
INSERT INTO bots (id, name, webhook_secret, created_at) VALUES (1, 'shop', 's', '{NOW}');
INSERT INTO users (id, first_name, is_premium, role, created_at, seen_at)
    VALUES (7, 'Ana', false, 0, '{NOW}', '{NOW}');
INSERT INTO chats (id, telegram_id, type, created_at) VALUES (1, 7, 'private', '{NOW}');
INSERT INTO updates (bot_id, update_id, kind, lane, slot, urgent, body, received_at, state, attempts)
    VALUES (1, 5, 'message', '1:c7', 3, false, '{{}}', '{NOW}', 'pending', 0);
INSERT INTO outbox (
    bot_id, chat_key, method, params, priority, on_unknown, state, attempts, created_at
) VALUES (1, 1, 'sendMessage', '{{}}', 1, 'leave', 'pending', 0, '{NOW}');
INSERT INTO promos (id, code, html, photo_bot_id, active, created_at, changed_at)
    VALUES (1, 'spring', 'x', 1, true, '{NOW}', '{NOW}');
INSERT INTO promo_buttons (promo_id, number, position, text, url) VALUES (1, 1, 0, 'Join', 'https://a.b');
INSERT INTO guides (
    id, key, title, description, body, category, tags, difficulty, language, position, active, searchable,
    created_at
) VALUES (1, 'k', 'Start', '', 'Text', 'Basics', '', 'beginner', 'en', 1, true, 'start', '{NOW}');
INSERT INTO guide_marks (user_id, guide_id, views, reads) VALUES (7, 1, 0, 0);
INSERT INTO distribution_rules (
    id, pattern, folded, is_regex, whole_words, excluded, priority, first_only, buttons, enabled, created_at,
    changed_at
) VALUES (1, 'gold', 'gold', false, true, '[]', 0, false, '[]', true, '{NOW}', '{NOW}');
INSERT INTO distribution_rule_chats (rule_id, chat_key, position) VALUES (1, 1, 0);
INSERT INTO distribution_posts (
    id, bot_id, chat_key, author_id, state, topic, is_typed, edition, deletion, follower,
    created_at, changed_at
) VALUES (1, 1, 1, 7, 'sent', '', false, 0, 0, 1, '{NOW}', '{NOW}');
INSERT INTO distribution_parts (
    post_id, message_id, bot_id, chat_key, kind, text, html, edition, has_new_media
) VALUES (1, 5, 1, 1, 'text', 'gold', 'gold', 0, false);
INSERT INTO distribution_copies (
    post_id, chat_key, position, rule_id, pattern, words, buttons, state, message_ids, edition, deletion, at
) VALUES (1, 1, 0, 1, 'gold', '[]', '[]', 'sent', '[9]', 0, 0, '{NOW}');
INSERT INTO distribution_habits (user_id, sends_at_once, changed_at) VALUES (7, true, '{NOW}');
INSERT INTO broadcasts (
    id, name, bot_id, topic, state, audience, paid, zone, created_by, created_at, changed_at, driver,
    frozen_through, size, fed_through, note
) VALUES (1, 'spring', 1, 'offers', 'running', '{{}}', false, 'UTC', 7, '{NOW}', '{NOW}', 1, 7, 1, 0, '');
INSERT INTO broadcast_variants (broadcast_id, number, share, message) VALUES (1, 1, 1, '{{}}');
INSERT INTO broadcast_recipients (broadcast_id, position, chat_key, user_id, variant, state, gone, at)
    VALUES (1, 1, 1, 7, 1, 'pending', false, '{NOW}');
INSERT INTO broadcast_tallies (broadcast_id, variant, state, recipients) VALUES (1, 1, 'pending', 1);
INSERT INTO broadcast_visits (broadcast_id, user_id, kind, variant, at) VALUES (1, 7, 'start', 1, '{NOW}');
INSERT INTO member_tags (user_id, tag) VALUES (7, 'vip');
INSERT INTO member_sources (user_id, source, bot_id, at) VALUES (7, 'guide', 1, '{NOW}');
INSERT INTO member_zones (user_id, zone) VALUES (7, 'Europe/London');
INSERT INTO entitlements (user_id, payment_id, plan, pack, features, starts_at, ends_at)
    VALUES (7, 1, 'gold-1m', 'gold', '[]', '{NOW}', '{NOW}');
INSERT INTO plans (
    id, code, pack, title, description, months, stars_subscription, stripe_subscription, features, position,
    created_at, changed_at
) VALUES (1, 'gold-1m', 'gold', 'Gold', '', 1, false, false, '[]', 1, '{NOW}', '{NOW}');
INSERT INTO plan_prices (plan_id, currency, amount) VALUES (1, 'GBP', 1500);
INSERT INTO plan_chats (plan_id, chat_key) VALUES (1, 1);
INSERT INTO discounts (id, code, percent, once_per_member, plans, active, created_at)
    VALUES (1, 'SPRING', 10, false, '[]', true, '{NOW}');
INSERT INTO orders (
    id, user_id, bot_id, plan_id, plan, pack, title, months, way, renews, amount, currency, discount_id,
    discount, state, reference, created_at, expires_at
) VALUES (
    1, 7, 1, 1, 'gold-1m', 'gold', 'Gold', 1, 'stars', false, 1500, 'XTR', 1, 0, 'paid', 'r', '{NOW}', '{NOW}'
);
INSERT INTO payments (
    id, kind, source, direction, external_id, user_id, bot_id, order_id, amount, currency, at, recorded_at,
    reason
) VALUES (1, 'charge', 'stars', 1, 'c', 7, 1, 1, 1500, 'XTR', '{NOW}', '{NOW}', '');
INSERT INTO subscriptions (id, order_id, user_id, way, reference, state, changed_at)
    VALUES (1, 1, 7, 'stars', 'c', 'active', '{NOW}');
INSERT INTO payment_doubts (id, kind, way, reason, at) VALUES (1, 'missed', 'stars', '', '{NOW}');
INSERT INTO stripe_events (id, type, received_at) VALUES ('evt_1', 'x', '{NOW}');
INSERT INTO billing_cursors (name, position, moved_at) VALUES ('stars:1', '5', '{NOW}');
INSERT INTO refund_requests (id, payment_id, amount, currency, reason, by_id, state, created_at)
    VALUES (1, 1, 500, 'GBP', '', 7, 'asked', '{NOW}');
INSERT INTO signing_keys (name, secret, created_at) VALUES ('k', 'x', '{NOW}');
INSERT INTO renewal_reminders (user_id, pack, ends_at, before, at) VALUES (7, 'gold', '{NOW}', 1440, '{NOW}');
INSERT INTO referral_codes (user_id, code, created_at) VALUES (7, 'abcdefghjk', '{NOW}');
INSERT INTO referrals (user_id, referrer_id, bot_id, at) VALUES (7, 7, 1, '{NOW}');
INSERT INTO broadcast_sales (
    payment_id, key, broadcast_id, variant, user_id, kind, amount, currency, at
) VALUES (1, 'stars:c', 1, 1, 7, 'sale', 1500, 'XTR', '{NOW}');
INSERT INTO broadcast_payers (user_id, at) VALUES (7, '{NOW}');
INSERT INTO access_chats (
    chat_key, mode, plans, single_use, sweep, braked_size, allowed, wanted_size, created_at
) VALUES (1, 'dry', '[]', false, 0, 0, 0, 0, '{NOW}');
INSERT INTO access_keepers (chat_key, bot_id, is_admin, can_invite, can_restrict, seen_key, checked_at)
    VALUES (1, 1, true, true, true, '', '{NOW}');
INSERT INTO access_members (chat_key, user_id, name, standing, came, seen_key, came_key, due_at)
    VALUES (1, 7, 'Ana', 'in', 'link', '', '', '{NOW}');
INSERT INTO access_keeps (chat_key, plan, kept_until) VALUES (1, 'gold-30d', '{NOW}');
INSERT INTO access_links (id, chat_key, bot_id, user_id, url, made_at, checked_at)
    VALUES (1, 1, 1, 7, 'https://t.me/+x', '{NOW}', '{NOW}');
INSERT INTO marketing_touches (user_id, at, cause) VALUES (7, '{NOW}', 'broadcast:1');
"""


@pytest.fixture(scope="module", autouse=True)
def _every_model() -> None:
    """All models, so that a forgotten migration of any room is seen."""
    for module in ("botyard.app", "botyard.members.consent"):
        importlib.import_module(module)


def test_models_and_migrations_agree(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with migrate.migration_connection(empty_url) as connection:
        assert migrate.current_revision(connection) == migrate.newest_revision()
        assert migrate.schema_differences(connection, metadata) == []
        assert index_differences(connection) == []


def test_up_down_and_up_with_rows_in_the_tables(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with migrate.migration_connection(empty_url) as connection:
        for statement in filter(str.strip, ROWS.split(";")):
            connection.execute(text(statement))
    migrate.downgrade(empty_url, "base")
    with migrate.migration_connection(empty_url) as connection:
        assert migrate.current_revision(connection) is None
    migrate.upgrade(empty_url)
    with migrate.migration_connection(empty_url) as connection:
        assert connection.execute(text("SELECT count(*) FROM updates")).scalar() == 0


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    migrate.upgrade(empty_url)
    with migrate.migration_connection(empty_url) as connection:
        assert index_differences(connection) == []


@pytest.mark.parametrize("name", INDEXES)
def test_inventory_every_index_serves_its_query(name: str, database_url: str) -> None:
    with migrate.migration_connection(database_url) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))  # the tables here are empty
            plan = connection.execute(text(f"EXPLAIN {INDEXES[name]}"))
        else:
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {INDEXES[name]}"))
        assert name in " ".join(str(row) for row in plan)


def test_inventory_finds_a_stray_a_missing_and_a_repeated_index(database_url: str) -> None:
    with migrate.migration_connection(database_url) as connection:
        connection.execute(text("CREATE INDEX ix_stray ON chats (title)"))
        connection.execute(text("DROP INDEX ix_users_username"))
        findings = "\n".join(index_differences(connection))
        connection.rollback()
    assert "ix_stray on chats is in no migration" in findings
    assert "ix_users_username is missing" in findings


def test_a_wrong_address_is_one_plain_sentence() -> None:
    url = "postgresql+psycopg://someone:hunter2@127.0.0.1:1/none"
    with pytest.raises(migrate.DatabaseUnreachable) as caught:
        migrate.upgrade(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
