# SPDX-License-Identifier: Apache-2.0
"""The tracer: flags in, scopes compiled to accept tables, kernel records out as lines."""
