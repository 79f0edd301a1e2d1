"""What Python's users have for images and masks, as a peer of `multirnet bench imaging` and `metrics`.

One JSON line of settings comes in for each work ({"work": …, …}), which is made ready and answered with {"ready": true, "version": …} or
{"missing": "why"}. A line "run" does it once and is answered with {"ms": …}; "answer" with {"numbers": […]}, what it found.
"""

import json
import sys
import time

import numpy as np


def volume(settings, key, dtype):
    """A raw file of voxels, x fastest, as an array indexed [z, y, x]."""
    x, y, z = settings["size"]
    return np.fromfile(settings[key], dtype).reshape(z, y, x)


def nifti(settings):
    import nibabel

    def read():
        return np.asarray(nibabel.load(settings["path"]).dataobj)

    def numbers(found):
        return [float(found.shape[axis]) for axis in range(3)] + [float(found.mean(dtype=np.float64))]

    return read, numbers, f"nibabel {nibabel.__version__}"


def resample(settings):
    import scipy
    from scipy.ndimage import zoom

    voxels = volume(settings, "voxels", np.int16)
    factors = settings["factors"][::-1]

    def run():
        return zoom(voxels.astype(np.float32), factors, order=1, mode="nearest", grid_mode=True)

    def numbers(found):
        return [float(found.mean(dtype=np.float64)), float(found.std(dtype=np.float64))]

    return run, numbers, f"scipy {scipy.__version__}"


def components(settings):
    import scipy
    from scipy.ndimage import generate_binary_structure, label

    mask = volume(settings, "mask", np.uint8)
    touching = generate_binary_structure(3, 3)

    def run():
        labels, count = label(mask, touching)
        return count, np.sort(np.bincount(labels.ravel())[1:])[::-1]

    def numbers(found):
        count, sizes = found
        return [float(count), *[float(size) for size in sizes[:5]]]

    return run, numbers, f"scipy {scipy.__version__}"


def metrics(settings):
    """Mean surface distance and the 95th percentile of Hausdorff's, between surface voxels, as most of Python's packages do it; cut to the masks' box."""
    import scipy
    from scipy.ndimage import binary_erosion, distance_transform_edt, find_objects

    truth, prediction = volume(settings, "truth", np.uint8) > 0, volume(settings, "prediction", np.uint8) > 0
    spacing = settings["spacing"][::-1]

    def run():
        (box,) = find_objects((truth | prediction).astype(np.uint8))
        a, b = np.pad(truth[box], 1), np.pad(prediction[box], 1)
        surface_a, surface_b = a & ~binary_erosion(a), b & ~binary_erosion(b)
        to_a = distance_transform_edt(~surface_a, sampling=spacing)[surface_b]
        to_b = distance_transform_edt(~surface_b, sampling=spacing)[surface_a]
        both = len(to_a) + len(to_b)
        within = [int((to_a <= 1).sum()), int((to_b <= 1).sum())]
        return [
            float(np.concatenate([to_a, to_b]).mean()),
            float(max(np.percentile(to_a, 95), np.percentile(to_b, 95))),
            sum(within) / both,
            (within[0] / len(to_a) + within[1] / len(to_b)) / 2,
        ]

    return run, lambda found: found, f"scipy {scipy.__version__}"


WORKS = {"nifti": nifti, "resample": resample, "components": components, "metrics": metrics}


def main():
    work, numbers, found = None, None, None
    for line in sys.stdin:
        line = line.strip()
        if line == "run":
            start = time.perf_counter()
            found = work()
            answer = {"ms": 1000 * (time.perf_counter() - start)}
        elif line == "answer":
            answer = {"numbers": numbers(found)}
        else:
            settings = json.loads(line)
            try:
                work, numbers, version = WORKS[settings["work"]](settings)
                answer = {"ready": True, "version": version}
            except ImportError as error:
                answer = {"missing": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
