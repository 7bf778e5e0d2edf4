"""Label Studio through its SDK: tasks and predictions out, annotations back."""
