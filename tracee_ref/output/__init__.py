# SPDX-License-Identifier: Apache-2.0
"""From events to bytes in a file: formats and the files they go to."""
