"""Delivery: paces, sends, retries and records the calls of the outbox. One process per bot at a time."""
