"""A real Label Studio, spoken to through its SDK: tasks out, annotations and predictions back."""
