"""Prompts: Markdown with a stated contract, and the brief of a question that fills them within a budget of tokens."""
