"""What the archives decide: changes of files, inquiry, sharing, retention."""
