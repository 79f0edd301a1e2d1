import { windowed, type Volume } from "@multirnet/imaging";
import { tensorFrom, type Tensor } from "@multirnet/engine";

import { NetworkError } from "./errors.js";

/**
 * A region as networks take it: x, y, z of a volume become W, H, D of a tensor, the only place where the two orders meet.
 *
 * @returns 1×1×D×H×W in [0, 1]
 */
export function regionTensor(region: Volume<"hounsfield">): Tensor {
  const { size } = region.grid;
  return tensorFrom(windowed(region), [1, 1, size.z, size.y, size.x]);
}

/** Refuses what a network cannot take, before it meets a shape error deep inside. @throws NetworkError NETWORK_INPUT */
export function requireRegion(
  network: string,
  { shape }: Tensor,
  { channels, multipleOf }: { readonly channels: number; readonly multipleOf: number },
): void {
  const [, ofChannels, ...space] = shape;
  const fits =
    shape.length === 5 &&
    ofChannels === channels &&
    space.every((side) => side >= multipleOf && side % multipleOf === 0);
  if (fits) return;
  const expected = `N×${String(channels)}×D×H×W with D, H and W multiples of ${String(multipleOf)}`;
  throw new NetworkError({ code: "NETWORK_INPUT", network, expected, came: shape.join("×") });
}
