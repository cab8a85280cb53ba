"""Prefect only: decorators, retries, artifacts. What is done stands in runfix_analytics.night."""

import os

# Set before Prefect is imported: no telemetry, and time enough on a small or busy machine for its own server to start
# and for its database, where "database is locked" is what it says when time ran out.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "90")
os.environ.setdefault("PREFECT_SERVER_DATABASE_TIMEOUT", "60")
