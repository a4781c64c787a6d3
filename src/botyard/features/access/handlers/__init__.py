"""What members and admins do in Telegram that concerns paid chats."""
