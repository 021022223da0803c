# SPDX-License-Identifier: Apache-2.0
"""JSON data exchanged with a consumer: messages, vectors, scopes and facts."""
