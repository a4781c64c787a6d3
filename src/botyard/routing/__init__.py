"""Routing: who writes, what he wants, whether he may, and the one transaction that answers him."""
