"""Impact assessments: what sharings and exports with whole numbers rest on."""
