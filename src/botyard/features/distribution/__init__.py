"""The distribution feature: one post goes to every chat whose keywords it contains."""
