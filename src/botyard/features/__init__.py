"""Features: vertical slices, each in a folder of its own."""
