"""Sets that follow a foreign server or folder: agreed on (`follows`), asked (`pulling`), stored (the others).

What is read of paired nodes is in `peers/`. What speaks the foreign servers' languages is in `remotes/`.
"""
