"""The state's objects as JSON, in the shapes of Discord's API v10."""
