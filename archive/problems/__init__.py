"""Lists of problem records (问题学籍清单): brought in, worked off row by row, confirmed by somebody else."""
