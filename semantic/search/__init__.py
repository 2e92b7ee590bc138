"""Search a lake for a question: schemas first, then their tables and columns, and the facts about them."""
