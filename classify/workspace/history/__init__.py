"""The history of a workspace: migrations, who was asked again, when people answered."""
