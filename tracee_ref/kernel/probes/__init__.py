# SPDX-License-Identifier: Apache-2.0
"""Events at hooks that the user chooses: definitions, and C code of programs."""
