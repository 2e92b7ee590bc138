"""The trained parser: a small network writes plans clause by clause under the grammar of the plan."""
