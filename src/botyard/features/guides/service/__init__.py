"""What the guides feature does to its state: the library, its editing, files, and what is posted next."""
