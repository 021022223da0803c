# SPDX-License-Identifier: Apache-2.0
"""A slow machine, or a busy one, fails no test."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
