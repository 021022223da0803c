# SPDX-License-Identifier: Apache-2.0
"""Fast path from records to lines, without decoding an event."""
