"""One reader per format; each turns a file into an extract and says what it could not carry over."""
