"""The rules of photos, in rooms by the part of a photo's life that they serve.

The rooms are layers: review > execution > intake > results > booking > context > corrections > steps. Each may import
those after it, all may import `photos.models` and the services of the inventory, and none an entry point (API, pages,
admin, tasks) or `photos.queue`.
"""
