# SPDX-License-Identifier: Apache-2.0
"""The tracer: flags to scopes, scopes to accept tables, records to lines."""
