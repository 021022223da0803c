"""Packets: their headers, DNS and HTTP, read into what the events about them show."""
