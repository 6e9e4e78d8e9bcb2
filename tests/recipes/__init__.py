"""The recipes of CONTRIBUTING.md, performed in a copy of the tree: what is added appears everywhere, or is refused."""
