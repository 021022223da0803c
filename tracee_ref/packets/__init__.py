# SPDX-License-Identifier: Apache-2.0
"""Packets: their headers, DNS and HTTP, read into what the events about them show."""
