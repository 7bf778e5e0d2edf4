"""Disputed articles in Label Studio: asked of one more person, or settled in a project apart."""
