"""Certificates at the counter (证明): issuing, the register, copies, voiding, whole classes."""
