"""From a spec to a picture with its truth."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.camera_postprocess import GLARE_SHARE, add_glare, apply_camera
from mlpipeline.training.scenes.ground import Ground
from mlpipeline.training.scenes.layout import lay_out
from mlpipeline.training.scenes.lighting import crevices, drawn_light, shadow_map, sky_map, unusual_light
from mlpipeline.training.scenes.rasterizer import count_seen, draw_faces, smooth_normals
from mlpipeline.training.scenes.scene import Scene
from mlpipeline.training.scenes.scene_geometry import Geometry, SceneGeometry
from mlpipeline.training.scenes.scene_spec import ALL_KINDS, REAL_KINDS, SceneSpec
from mlpipeline.training.scenes.shading import fill_ground, shade
from mlpipeline.training.scenes.split_rng import SplitRng
from mlpipeline.training.scenes.truth import (
    Buffers,
    read_containers,
    read_distractors,
    read_empties,
    read_plants,
)

Floats = NDArray[np.float32]
_CREVICE_CM = 0.9
_SHADOW_PX = (1024, 4096)


def render_scene(spec: SceneSpec) -> Scene:
    """Renders the scene; the same spec gives the same pixels and the same truth."""
    split_rng = SplitRng(spec.seed, spec.split, ALL_KINDS.index(spec.kind))
    stage, camera, ground = lay_out(spec, split_rng)
    return render_stage(spec, split_rng, stage, camera, ground)


def render_stage(
    spec: SceneSpec, split_rng: SplitRng, stage: SceneGeometry, camera: Camera, ground: Ground
) -> Scene:
    """Renders what stands on the stage."""
    first_ground = stage.add_material_rows([material.row() for material in ground.materials])
    geometry = stage.geometry()
    fine = camera.scaled(spec.supersample)
    buffers, nearest, face_at = _draw(geometry, fine, len(stage.instances))
    light_px = _lit(
        spec, split_rng, geometry, fine, ground.row(first_ground, split_rng.texture_salt), nearest, face_at
    )
    if spec.kind in REAL_KINDS and split_rng.chance(GLARE_SHARE):
        add_glare(light_px, split_rng)
    plants, planted = read_plants(stage, geometry, buffers, camera, spec.supersample)
    return Scene(
        spec=spec,
        image=apply_camera(light_px, split_rng, spec.supersample),
        plants=plants,
        containers=read_containers(stage, planted, camera),
        empties=read_empties(stage, buffers, spec.supersample),
        distractors=read_distractors(stage, camera),
        camera=camera,
        ground=ground.kinds,
    )


def _draw(geometry: Geometry, camera: Camera, instances: int) -> tuple[Buffers, Floats, NDArray[np.int32]]:
    """Rasterizes the faces: what each instance shows, the nearness and the face at each sample."""
    shape = (camera.height_px, camera.width_px)
    x, y, depth = camera.seen(geometry.vertices)
    near = np.where(depth > 1.0, 1.0 / np.maximum(depth, 1.0), 0.0)
    buffers = Buffers(
        own=np.zeros(instances, dtype=np.int32),
        seen=np.zeros(instances, dtype=np.int32),
        boxes=np.tile(np.array((shape[1], shape[0], 0, 0), dtype=np.int32), (instances, 1)),
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        near=near.astype(np.float32),
    )
    nearest = np.zeros(shape, dtype=np.float32)
    face_at = np.full(shape, -1, dtype=np.int32)
    stamp = np.full(shape, -1, dtype=np.int32)
    draw_faces(
        buffers.x,
        buffers.y,
        buffers.near,
        geometry.faces,
        geometry.face_instance,
        nearest,
        face_at,
        stamp,
        buffers.own,
    )
    count_seen(face_at, geometry.face_instance, buffers.seen, buffers.boxes)
    return buffers, nearest, face_at


def _lit(
    spec: SceneSpec,
    split_rng: SplitRng,
    geometry: Geometry,
    camera: Camera,
    ground: Floats,
    nearest: Floats,
    face_at: NDArray[np.int32],
) -> Floats:
    """Linear light at each sample (H·s, W·s, 3)."""
    view = np.zeros((5, 3), dtype=np.float32)
    view[0], view[1:4], view[4, 0] = camera.position, camera.axes(), camera.focal_px
    fill_ground(view, nearest, face_at)
    scale = camera.pixels_per_cm(0, 0, 0)
    light = drawn_light(split_rng, camera.width_px / scale)
    if spec.kind in REAL_KINDS:
        light = unusual_light(split_rng, light)
    size = int(np.clip(max(camera.width_px, camera.height_px) * 1.1, *_SHADOW_PX))
    shadow = shadow_map(geometry.vertices, geometry.faces, light, size)
    sky = sky_map(geometry.vertices, geometry.faces, 2.0, 7.0, size // 2)
    crevice = crevices(nearest, float(np.clip(_CREVICE_CM * scale, 1.5, 40)))
    normals = smooth_normals(geometry.vertices, geometry.faces)
    out = np.empty((camera.height_px, camera.width_px, 3), dtype=np.float32)
    light_row = light.row()

    def strip(rows: tuple[int, int]) -> None:
        shade(
            *rows,
            view,
            face_at,
            geometry.vertices,
            normals,
            geometry.uv,
            geometry.faces,
            geometry.face_material,
            geometry.materials,
            ground,
            light_row,
            shadow.nearest,
            shadow.frame,
            sky.close,
            sky.wide,
            sky.frame,
            crevice,
            out,
        )

    edges = np.linspace(0, camera.height_px, spec.threads * 4 + 1).astype(int)
    strips = [(int(top), int(bottom)) for top, bottom in pairwise(edges)]
    if spec.threads == 1:
        strip((0, camera.height_px))
    else:
        with ThreadPoolExecutor(spec.threads) as pool:
            list(pool.map(strip, strips))
    return out
