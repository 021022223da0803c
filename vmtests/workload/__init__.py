"""A small C program that carries out a plan of processes, and the files it works with."""
