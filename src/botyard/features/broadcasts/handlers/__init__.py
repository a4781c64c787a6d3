"""What the broadcasts feature does in Telegram."""
