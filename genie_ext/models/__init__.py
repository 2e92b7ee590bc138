"""Language models: one narrow way to call them, whoever serves them, with retries, prices, budgets and a ledger."""
