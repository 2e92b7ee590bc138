"""Reading SQL back: a query becomes a step of a plan, so that it can be checked, compared and learned from."""
