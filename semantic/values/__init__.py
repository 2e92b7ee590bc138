"""Cell values: found in the words of a question, and told apart where they are personal."""
