"""Retention, appraisal and destruction of files (保管期限、鉴定、销毁): the only way on which a file is erased."""
