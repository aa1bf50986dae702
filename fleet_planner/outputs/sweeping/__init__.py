"""What a sweep leaves: the results of its tasks, what became of each, the folder that it resumes from."""
