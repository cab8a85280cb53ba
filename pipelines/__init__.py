"""Prefect only: decorators, retries, mapping. What is done stands in runfix_analytics.night."""

import os

# Set before Prefect is imported: no telemetry, and time enough for its own server to start on a small machine.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "90")
