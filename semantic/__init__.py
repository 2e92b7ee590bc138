"""What a lake means: catalog, profile, values, joins and search."""
