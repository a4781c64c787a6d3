"""Metrics: exactly the names and labels that dashboards hold on to."""

from prometheus_client.parser import text_string_to_metric_families

from botyard.observability.metrics import Metrics, Stage, known_or_other

CONTRACT = {
    "telegram_updates_total": {"bot_name", "type"},
    "telegram_errors_total": {"bot_name", "kind"},
    "telegram_verification_failures_total": {"bot_name", "reason"},
    "telegram_command_total": {"name", "status"},
    "telegram_messages_total": {"bot_name", "kind", "result"},
    "telegram_update_seconds_count": {"stage"},
    "telegram_update_seconds_sum": {"stage"},
    "telegram_update_seconds_bucket": {"stage", "le"},
    "telegram_inbox_pending": {"bot_name"},
    "telegram_outbox_pending": {"bot_name", "priority"},
    "telegram_dead_letters": {"bot_name"},
}


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = metrics.exposition()[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def filled() -> Metrics:
    metrics = Metrics()
    metrics.updates.labels(bot_name="main", type="message").inc()
    metrics.errors.labels(bot_name="main", kind="forbidden").inc()
    metrics.verification_failures.labels(bot_name="main", reason="secret").inc()
    metrics.commands.labels(name="start", status="done").inc()
    metrics.messages.labels(bot_name="main", kind="reply", result="sent").inc()
    metrics.update_seconds.labels(stage=Stage.ACCEPT).observe(0.004)
    metrics.inbox_pending.labels(bot_name="main").set(7)
    metrics.outbox_pending.labels(bot_name="main", priority="reply").set(3)
    metrics.dead_letters.labels(bot_name="main").set(1)
    return metrics


def test_names_and_labels_are_the_contract() -> None:
    found: dict[str, set[str]] = {}
    for name, labels in samples(filled()):
        found.setdefault(name, set()).update(label for label, _ in labels)
    assert found == CONTRACT


def test_values() -> None:
    found = samples(filled())
    assert found["telegram_updates_total", frozenset({("bot_name", "main"), ("type", "message")})] == 1
    assert found["telegram_inbox_pending", frozenset({("bot_name", "main")})] == 7
    assert found["telegram_update_seconds_bucket", frozenset({("stage", "accept"), ("le", "0.0025")})] == 0
    assert found["telegram_update_seconds_bucket", frozenset({("stage", "accept"), ("le", "0.005")})] == 1


def test_the_content_type_is_prometheus_text() -> None:
    assert Metrics().exposition()[1].startswith("text/plain; version=")


def test_two_processes_worth_of_metrics_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.inbox_pending.labels(bot_name="main").set(1)
    assert samples(one)
    assert b"telegram_inbox_pending{" not in other.exposition()[0]


def test_kinds_from_outside_make_one_series() -> None:
    metrics = Metrics()
    for number in range(1000):
        kind = known_or_other(f"kind_{number}", {"message", "callback_query"})
        metrics.updates.labels(bot_name="main", type=kind).inc()
    metrics.updates.labels(bot_name="main", type=known_or_other("message", {"message"})).inc()
    assert {dict(labels)["type"]: value for (_, labels), value in samples(metrics).items()} == {
        "other": 1000,
        "message": 1,
    }
