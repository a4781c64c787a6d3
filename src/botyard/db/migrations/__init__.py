"""One linear history of the schema: its only source."""
