"""Tests of training/; the README beside the code says how to run them."""
