"""Training of the parser: from prepared examples to the weights that ship."""
