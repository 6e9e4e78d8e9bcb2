"""The drawings of the installation guide, one source for both languages."""
