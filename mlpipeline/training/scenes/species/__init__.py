"""The plants: each species is a function that draws a strain, and a strain grows single plants."""
