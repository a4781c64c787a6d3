"""What distribution does, as plain functions on a session."""
