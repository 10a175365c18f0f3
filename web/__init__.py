"""The web door: federation endpoints, pages, the client API, the command line."""
