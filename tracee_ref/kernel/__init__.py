# SPDX-License-Identifier: Apache-2.0
"""The one place where Python and the kernel meet: everything that knows BCC, BTF or maps."""
