"""What every stage stands on: files, logs, random streams, devices. It knows no model, data set or method."""
