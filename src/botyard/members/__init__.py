"""Members, roles and chats: the foundation that every feature stands on."""
