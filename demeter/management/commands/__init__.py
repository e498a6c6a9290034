"""One command a module: running the stack, the demo, setup, translations and health checks."""
