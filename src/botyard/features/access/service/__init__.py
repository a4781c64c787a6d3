"""What the access feature does, in functions on a session: no Telegram, no HTTP."""
