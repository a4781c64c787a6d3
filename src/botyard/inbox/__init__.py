"""The inbox: the durable, ordered log of updates, and the lanes that they are handled in."""
