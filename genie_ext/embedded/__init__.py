"""The tier that needs no model: plans and writes SQL from the index alone."""
