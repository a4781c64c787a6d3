"""Durable jobs, the schedules that make them, and facts that features tell each other."""
