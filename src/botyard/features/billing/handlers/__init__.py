"""What billing does in chat."""
