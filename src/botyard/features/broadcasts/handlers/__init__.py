"""What admins and members tell broadcasts in Telegram."""
