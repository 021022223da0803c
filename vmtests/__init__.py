"""The ensemble: stock kernels booted as guests, asked the same questions as this machine's own."""
