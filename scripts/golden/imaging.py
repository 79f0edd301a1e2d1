"""Golden answers for packages/imaging, from nibabel and scipy. Run from the repository root: python3 scripts/golden/imaging.py

Writes packages/imaging/src/testing/{nifti,resampling,components}.golden.json. Seeded: the same versions give the same files.
"""

import base64
import json

import nibabel
import numpy as np
from nibabel.orientations import aff2axcodes
from scipy import ndimage

FOLDER = "packages/imaging/src/testing/"
SIZE = (3, 4, 5)
KINDS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "uint64", "float32", "float64"]


def rotation(degrees, axis):
    """Rodrigues' formula."""
    axis = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def affine_of(directions, spacing, origin):
    affine = np.eye(4)
    affine[:3, :3] = directions * np.array(spacing)
    affine[:3, 3] = origin
    return affine


def nifti_case(name, image):
    data = image.to_bytes()
    again = type(image).from_bytes(data)
    return {
        "name": name,
        "file": base64.b64encode(data).decode(),
        "affine": again.affine.tolist(),
        "axes": "".join(aff2axcodes(again.affine)),
        "values": again.get_fdata().ravel(order="F").tolist(),
    }


def nifti_cases():
    random = np.random.default_rng(1)
    upright = affine_of(np.diag([-1.0, -1.0, 1.0]), (0.7, 0.8, 2.5), (11, -23, 37))
    oblique = rotation(25, (1, 2, 3))
    cases = []
    for kind in KINDS:
        whole = kind.startswith(("u", "i"))
        low, high = (np.iinfo(kind).min, np.iinfo(kind).max) if whole else (-1e4, 1e4)
        if whole:
            values = random.integers(low, high, SIZE, dtype=kind, endpoint=True)
            values[0, 0, 0], values[1, 0, 0] = low, high
        else:
            values = random.uniform(low, high, SIZE).astype(kind)
        for order, sign in (("little", "<"), ("big", ">")):
            header = nibabel.Nifti1Header(endianness=sign)
            header.set_data_dtype(np.dtype(kind).newbyteorder(sign))
            header.set_xyzt_units("mm")
            cases.append(nifti_case(f"{kind}, {order} byte first", nibabel.Nifti1Image(values, upright, header)))
    stored = random.integers(-1000, 1000, SIZE, dtype="int16")
    for order, sign in (("little", "<"), ("big", ">")):
        header = nibabel.Nifti2Header(endianness=sign)
        header.set_data_dtype(np.dtype("int16").newbyteorder(sign))
        header.set_xyzt_units("mm")
        cases.append(nifti_case(f"NIfTI-2, {order} byte first", nibabel.Nifti2Image(stored, upright, header)))
    scaled = nibabel.Nifti1Image(stored, upright)
    scaled.header.set_slope_inter(5.49, -1200)
    scaled.header.set_xyzt_units("mm")
    cases.append(nifti_case("slope and intercept", scaled))

    places = {
        "oblique": affine_of(oblique, (0.7, 0.8, 2.5), (11, -23, 37)),
        "oblique, left-handed": affine_of(oblique * np.array([1, 1, -1]), (0.7, 0.8, 2.5), (11, -23, 37)),
        "permuted and flipped": affine_of(np.array([[0, 0, -1.0], [1, 0, 0], [0, -1, 0]]), (0.7, 0.8, 2.5), (11, -23, 37)),
        "permuted and oblique": affine_of(np.roll(oblique, 1, axis=0), (0.7, 0.8, 2.5), (11, -23, 37)),
        "near 45 degrees": affine_of(rotation(44, (0, 0, 1)), (0.7, 0.8, 2.5), (11, -23, 37)),
        "past 45 degrees": affine_of(rotation(47, (0, 0, 1)), (0.7, 0.8, 2.5), (11, -23, 37)),
        "half turn": affine_of(rotation(180, (1, 1, 0)), (0.7, 0.8, 2.5), (11, -23, 37)),
    }
    for name, affine in places.items():
        for form in ("sform", "qform"):
            image = nibabel.Nifti1Image(stored, affine)
            image.header.set_xyzt_units("mm")
            image.set_sform(affine, 1 if form == "sform" else 0)
            image.set_qform(affine, 1 if form == "qform" else 0)
            cases.append(nifti_case(f"{name}, {form}", image))
    neither = nibabel.Nifti1Image(stored, None)
    neither.header.set_zooms((0.7, 0.8, 2.5))
    neither.header.set_xyzt_units("mm")
    neither.set_sform(None, 0)
    neither.set_qform(None, 0)
    neither = nibabel.Nifti1Image.from_bytes(neither.to_bytes())
    cases.append(nifti_case("neither sform nor qform", neither))
    return cases


def grid_json(size, spacing, origin, directions):
    return {"size": size, "spacing": spacing, "origin": origin, "axes": directions.T.tolist()}


def resampling_cases():
    random = np.random.default_rng(2)
    size, spacing, origin = (7, 6, 5), (0.7, 0.8, 2.5), (-3.0, 4.0, 50.0)
    tilt = rotation(12, (1, -2, 3))
    targets = {
        "finer, shifted": ((9, 8, 11), (0.51, 0.63, 1.1), (-2.9, 4.15, 50.3), np.eye(3)),
        "coarser, past the edges": ((6, 5, 4), (1.3, 1.7, 4.1), (-4.3, 3.1, 47.2), np.eye(3)),
        "permuted and flipped": ((6, 9, 7), (1.1, 0.61, 0.57), (1.13, 7.9, 50.21), np.array([[0, 0, -1.0], [0, -1.0, 0], [1.0, 0, 0]])),
        "oblique": ((8, 7, 6), (0.77, 0.66, 1.9), (-3.21, 3.9, 50.7), tilt),
    }
    cases = []
    values = random.uniform(-1000, 1000, size).astype("float32")
    labels = random.integers(0, 4, size).astype("uint8")
    for name, (to_size, to_spacing, to_origin, directions) in targets.items():
        source = affine_of(np.eye(3), spacing, origin)
        target = affine_of(directions, to_spacing, to_origin)
        index = np.stack([*np.meshgrid(*[np.arange(n) for n in to_size], indexing="ij"), np.ones(to_size)])
        at = np.einsum("ij,jxyz->ixyz", np.linalg.inv(source) @ target, index)[:3]
        cases.append({
            "name": name,
            "grid": grid_json(to_size, to_spacing, to_origin, directions),
            "linear": ndimage.map_coordinates(values.astype("float64"), at, order=1, mode="nearest").ravel(order="F").tolist(),
            "nearest": ndimage.map_coordinates(labels, at, order=0, mode="nearest").ravel(order="F").tolist(),
        })
    # Algorithm 2: 7 x 6 x 5 voxels of 0.7 x 0.8 x 2.5 mm to 2.3 x 0.9 x 5 mm: 2 x 5 x 3 voxels (2.5 is rounded up), factors
    # 3.5, 1.2, 1.667.
    to_size = np.maximum(1, np.floor(np.array(size) * spacing / np.array([2.3, 0.9, 5.0]) + 0.5).astype(int))
    factor = np.array(size) / to_size
    sigma = np.where(factor > 1.5, (factor - 1) / 2 * 0.5, 0)
    smooth = ndimage.gaussian_filter(values.astype("float64"), sigma, mode="nearest")
    at = np.stack(np.meshgrid(*[(np.arange(n) + 0.5) * f - 0.5 for n, f in zip(to_size, factor)], indexing="ij"))
    down = {
        "spacing": [2.3, 0.9, 5.0],
        "size": to_size.tolist(),
        "linear": ndimage.map_coordinates(smooth, at, order=1, mode="nearest").ravel(order="F").tolist(),
    }
    sigmas = [0.8, 0.0, 1.3]
    return {
        "grid": grid_json(size, spacing, origin, np.eye(3)),
        "values": values.ravel(order="F").tolist(),
        "labels": labels.ravel(order="F").tolist(),
        "cases": cases,
        "toSpacing": down,
        "smoothed": {
            "sigma": sigmas,
            "values": ndimage.gaussian_filter(values.astype("float64"), sigmas, mode="nearest").ravel(order="F").tolist(),
        },
    }


def component_cases():
    random = np.random.default_rng(3)
    cases = []
    for size, share in (((9, 7, 6), 0.2), ((9, 7, 6), 0.35), ((8, 9, 7), 0.6), ((5, 1, 8), 0.4), ((1, 9, 1), 0.5)):
        mask = (random.uniform(size=size) < share).astype("uint8")
        for rank, connectivity in ((1, 6), (2, 18), (3, 26)):
            # Transposed, so that scipy too meets voxels in the order x, y, z and gives labels in it.
            labels, count = ndimage.label(mask.T, ndimage.generate_binary_structure(3, rank))
            centres = ndimage.center_of_mass(labels > 0, labels, np.arange(count) + 1)
            cases.append({
                "size": size,
                "connectivity": connectivity,
                "mask": mask.ravel(order="F").tolist(),
                "labels": labels.ravel().tolist(),
                "centres": [list(reversed(centre)) for centre in centres],
            })
    return cases


for name, cases in (("nifti", nifti_cases()), ("resampling", resampling_cases()), ("components", component_cases())):
    with open(f"{FOLDER}{name}.golden.json", "w", encoding="utf-8") as out:
        json.dump(cases, out, separators=(",", ":"))
        out.write("\n")
