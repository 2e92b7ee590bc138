"""The door for programs that speak the Model Context Protocol: five tools over a session, for known clients only."""
