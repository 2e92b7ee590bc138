"""Measures the embedded tier on questions with gold SQL: rules, trained parser and the ranking of what they read."""
