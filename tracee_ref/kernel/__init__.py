"""The one place where Python and the kernel meet: everything that knows BCC, BTF or maps."""
