# SPDX-License-Identifier: Apache-2.0
"""Entry point of ``python -m tracee_ref.oracle``, the command ``scope-oracle``."""

from .cli import main

if __name__ == "__main__":
    main()
