"""Predictions on many machines, with Apache Spark."""

from classify.spark.udf import predict_udf

__all__ = ["predict_udf"]
