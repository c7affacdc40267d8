"""What a write-up says: its sentences, numbers, answers and claims."""
