"""The outbox: calls to Telegram that committed transactions asked for, and what became of them."""
