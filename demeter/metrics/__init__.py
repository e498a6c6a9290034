"""What Prometheus is told: HTTP by counting it here, everything else by reading rows, which all hosts share."""
