"""Reports and opinions (举报、意见) that the archives answer."""
