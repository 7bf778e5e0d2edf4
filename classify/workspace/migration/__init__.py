"""A change of categories carried through a whole workspace and its projects, or undone."""
