"""Joins that nobody declared: names propose them, the data confirms them."""
