"""History of a student file (修改痕迹): every change, the file at a past moment, the difference of two moments."""
