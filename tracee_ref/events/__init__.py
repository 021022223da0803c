# SPDX-License-Identifier: Apache-2.0
"""The catalogue of events, the types of their arguments, and events as values."""
