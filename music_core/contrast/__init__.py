"""MUSIC itself: schedules, the three contrasts, gates, and the rollout of a pair."""
