"""TF-IDF over hashed n-grams with logistic regression."""
