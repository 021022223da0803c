# SPDX-License-Identifier: Apache-2.0
"""Parsers of packets: IP, TCP, UDP, ICMP, DNS and HTTP."""
