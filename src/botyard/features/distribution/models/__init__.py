"""The tables of distribution."""

from botyard.features.distribution.models.posts import Copy, CopyState, Habit, Post, PostPart, PostState
from botyard.features.distribution.models.rules import Rule, RuleBook, RuleChat

__all__ = ["Copy", "CopyState", "Habit", "Post", "PostPart", "PostState", "Rule", "RuleBook", "RuleChat"]
