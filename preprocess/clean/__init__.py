"""What is done to one document between parsing and publishing, and the numbers it is judged by."""
