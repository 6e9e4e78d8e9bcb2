"""What both ends of the link call the same things."""

NAMESPACE = "/controller"
SNAPSHOT = "snapshot"
"""Event from the controller; acknowledged with None, or with what is wrong with it."""
COMMAND = "command"
"""Event to the controller; acknowledged with an Answer, or with ``{"error": text}``."""
REFUSED_TOKEN = "wrong token"  # noqa: S105 - what is said about a token, not one
"""The reason the web process gives when the token is not its own."""
