"""Expected segmentation scores from independent implementations, for the tests of packages/evaluation.

Surface elements: the published package google-deepmind/surface-distance, from a checkout given as an argument. Voxel surfaces:
scipy's binary erosion and Euclidean distance transform, numpy's percentile. Needs numpy, scipy and nibabel.

    segmentation-metrics.py random SURFACE_DISTANCE                 the golden file of 20 random pairs, on standard output
    segmentation-metrics.py real SURFACE_DISTANCE DATA OUT [COUNT]  pairs from DATA/infection/*.nii.gz into OUT
"""
import json
import os
import sys
import warnings

import numpy as np
from scipy import ndimage

warnings.filterwarnings("ignore", category=DeprecationWarning)
TOLERANCES_MM = [1.0, 3.0]
SIX = ndimage.generate_binary_structure(3, 1)


def surface_voxels(mask):
    return mask & ~ndimage.binary_erosion(mask, SIX, border_value=0)


def voxel_distances(truth, prediction, spacing):
    a, b = surface_voxels(truth), surface_voxels(prediction)
    to_a = ndimage.distance_transform_edt(~a, sampling=spacing)
    to_b = ndimage.distance_transform_edt(~b, sampling=spacing)
    return np.concatenate([to_b[a], to_a[b]])


def scores(truth, prediction, spacing):
    """Both masks are boolean arrays indexed [x, y, z] and hold something."""
    import surface_distance.metrics as published

    pair = published.compute_surface_distances(truth, prediction, spacing)
    truth_area, prediction_area = pair["surfel_areas_gt"].sum(), pair["surfel_areas_pred"].sum()
    directed = published.compute_average_surface_distance(pair)
    pooled = voxel_distances(truth, prediction, spacing)
    shared = np.count_nonzero(truth & prediction)
    return {
        "vdsc": float(published.compute_dice_coefficient(truth, prediction)),
        "tolerances": [
            {
                "toleranceMm": t,
                "sdsc": float(published.compute_surface_dice_at_tolerance(pair, t)),
                "aso": float(np.mean(published.compute_surface_overlap_at_tolerance(pair, t))),
            }
            for t in TOLERANCES_MM
        ],
        "asdMm": float(
            (directed[0] * truth_area + directed[1] * prediction_area) / (truth_area + prediction_area)
        ),
        "hd95Mm": float(published.compute_robust_hausdorff(pair, 95)),
        "asdVoxelMm": float(pooled.mean()),
        "hd95VoxelMm": float(np.percentile(pooled, 95)),
        "sensitivity": shared / np.count_nonzero(truth),
        "precision": shared / np.count_nonzero(prediction),
        "truthMl": np.count_nonzero(truth) * float(np.prod(spacing)) / 1000,
        "predictionMl": np.count_nonzero(prediction) * float(np.prod(spacing)) / 1000,
    }


def element_areas(spacing):
    """Areas of the 256 neighbourhoods; bit i of a code is the voxel at x = i >> 2, y = i & 1, z = (i >> 1) & 1."""
    from surface_distance import lookup_tables

    table = lookup_tables.create_table_neighbour_code_to_surface_area(spacing)
    kernel = lookup_tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL
    theirs = [int(kernel[i >> 2, i & 1, (i >> 1) & 1]) for i in range(8)]
    return [float(table[sum(theirs[i] for i in range(8) if code >> i & 1)]) for code in range(256)]


def ellipsoid(size, centre, radius):
    """In whole numbers, so that every language draws the same voxels."""
    x, y, z = np.ogrid[: size[0], : size[1], : size[2]]
    (cx, cy, cz), (rx, ry, rz) = centre, radius
    return (
        (x - cx) ** 2 * (ry * rz) ** 2 + (y - cy) ** 2 * (rx * rz) ** 2 + (z - cz) ** 2 * (rx * ry) ** 2
    ) <= (rx * ry * rz) ** 2


def specks(size, key, per_mille):
    x, y, z = np.ogrid[: size[0], : size[1], : size[2]]
    return (x * 7349 + y * 9151 + z * 6271 + key * 5381) * 40503 % 65536 % 1000 < per_mille


def draw(size, recipe):
    mask = np.zeros(size, bool)
    for blob in recipe["blobs"]:
        mask |= ellipsoid(size, blob["centre"], blob["radius"])
    for blob in recipe["holes"]:
        mask &= ~ellipsoid(size, blob["centre"], blob["radius"])
    return mask ^ specks(size, recipe["key"], recipe["perMille"])


def random_recipe(rng, size, base=None):
    blob = lambda low, high: {
        "centre": [int(rng.integers(0, n)) for n in size],
        "radius": [int(rng.integers(low, high)) for _ in size],
    }
    if base is None:
        blobs = [blob(3, 9) for _ in range(int(rng.integers(1, 4)))]
        holes = [blob(1, 4) for _ in range(int(rng.integers(0, 3)))]
    else:  # the same lesions, each moved and resized, and sometimes one more
        moved = lambda b: {
            "centre": [int(c + rng.integers(-2, 3)) for c in b["centre"]],
            "radius": [int(max(1, r + rng.integers(-1, 3))) for r in b["radius"]],
        }
        blobs = [moved(b) for b in base["blobs"]] + ([blob(2, 4)] if rng.random() < 0.4 else [])
        holes = [moved(b) for b in base["holes"]]
    return {
        "blobs": blobs,
        "holes": holes,
        "key": int(rng.integers(0, 1000)),
        "perMille": int(rng.choice([0, 0, 3, 20])),
    }


def random_pairs():
    rng = np.random.default_rng(20)
    pairs = []
    while len(pairs) < 20:
        size = [int(n) for n in rng.integers(9, 34, 3)]
        spacing = [round(float(s), 3) for s in rng.uniform([0.4, 0.5, 0.7], [1.1, 1.6, 5.0])]
        truth = random_recipe(rng, size)
        prediction = random_recipe(rng, size, truth)
        masks = draw(size, truth), draw(size, prediction)
        if not (masks[0].any() and masks[1].any()):
            continue
        pairs.append(
            {
                "size": size,
                "spacingMm": spacing,
                "truth": truth,
                "prediction": prediction,
                "expected": scores(*masks, spacing),
            }
        )
    areas = [{"spacingMm": s, "areasMm2": element_areas(s)} for s in ([1.0, 1.0, 1.0], [0.7, 1.3, 3.1], [4.0, 0.5, 0.9])]
    return {"source": "scripts/golden/segmentation-metrics.py random", "elementAreas": areas, "pairs": pairs}


def distorted(mask, number):
    """A prediction from a truth: moved, grown or shrunk, and with its upper part missing in every third case."""
    shift = (number % 5 - 2, 2 * number % 7 - 3, number % 3 - 1)
    out = ndimage.shift(mask.astype(np.uint8), shift, order=0).astype(bool)
    if number % 2:
        out = ndimage.binary_dilation(out, SIX, iterations=1 + number % 3)
    else:
        out = ndimage.binary_opening(out, SIX)
    if number % 3 == 2:
        out[: mask.shape[0] // 3] = False
    return out


def real_pairs(data, out, count):
    import nibabel

    folder = os.path.join(data, "infection")
    pairs = []
    for number, name in enumerate(sorted(os.listdir(folder))[:count]):
        image = nibabel.load(os.path.join(folder, name))
        truth = np.asarray(image.dataobj) > 0
        spacing = [float(s) for s in np.array(image.header.get_zooms()[:3]) * [1, 1.1, 1.05]]
        prediction = distorted(truth, number)
        for kind, mask in (("truth", truth), ("prediction", prediction)):
            mask.astype(np.uint8).flatten(order="F").tofile(os.path.join(out, f"{number}.{kind}"))
        expected = scores(truth, prediction, spacing)
        pairs.append({"case": name, "size": truth.shape, "spacingMm": spacing, "expected": expected})
    with open(os.path.join(out, "pairs.json"), "w") as file:
        json.dump(pairs, file)


def main():
    mode, package = sys.argv[1:3]
    sys.path.insert(0, package)
    if mode == "random":
        json.dump(random_pairs(), sys.stdout, separators=(",", ":"))
        print()
    elif mode == "real":
        real_pairs(sys.argv[3], sys.argv[4], int((sys.argv[5:] or ["10"])[0]))
    else:
        raise SystemExit(f"expected random or real, not {mode}")


if __name__ == "__main__":
    main()
