"""The lab: kernels fetched, guests booted, and several asked at once."""
