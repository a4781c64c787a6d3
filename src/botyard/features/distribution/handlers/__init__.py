"""What distribution does in chat."""
