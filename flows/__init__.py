"""The pipeline, and Prefect around it: stages by ref, tasks, flows, a server for one command. No logic of its own."""
