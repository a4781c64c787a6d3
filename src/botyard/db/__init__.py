"""The database room: engines, the one writer, column types, leases and migrations."""
