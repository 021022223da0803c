"""Contents of BPF maps: the accept tables as the kernel side reads them."""
