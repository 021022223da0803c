# SPDX-License-Identifier: Apache-2.0
"""Contents of BPF maps: the accept tables as the kernel side reads them."""
