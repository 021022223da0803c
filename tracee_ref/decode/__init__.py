"""Decoding of kernel records into events, and the printed forms of arguments."""
