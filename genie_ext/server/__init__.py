"""The server's side of panel and phone page: routes below genie/api of a Jupyter server."""
