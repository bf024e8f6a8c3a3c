"""Programs that once differed, as the shrinker left them. Paste new ones at the end."""

from __future__ import annotations

