"""A version for others: as metadata that search engines read, as events, and as folders that other tools take.

Everything is made of the manifests; nothing here decides what a version holds.
"""
