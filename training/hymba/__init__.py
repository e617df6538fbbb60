"""Hymba in PyTorch: configuration, network, decoder, scan, checkpoint files, tokenizer, and the NumPy oracle."""
