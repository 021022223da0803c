"""Building of the BPF program: BTF, structures, compilation by BCC, and the cache."""
