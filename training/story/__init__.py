"""The story generator: a small world, a language for telling, and plots."""
