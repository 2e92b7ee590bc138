"""The stages of an answer and the loop that runs them."""
