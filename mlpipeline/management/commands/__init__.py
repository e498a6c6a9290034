"""One command a module, which Django imports only when the command runs."""
