"""The Bot API on the wire: its client, errors, methods, updates' envelopes, texts, and our bots' tokens."""
