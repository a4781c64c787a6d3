"""What members and admins say and press, and what Telegram tells of money."""
