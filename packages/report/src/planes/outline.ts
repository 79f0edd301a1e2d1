/** A picture of labels, rows from the top. */
export interface LabelPicture {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
}

const RIGHT = 0;
const DOWN = 1;
const LEFT = 2;
const DIRECTIONS = 4;

/**
 * The border of the pixels that carry `label`, as the data of an SVG path in pixels: it runs along pixel edges, so it shows
 * exactly what was found, with the inside on its right hand. Diagonal neighbours are not joined; holes are loops the other way round.
 *
 * @returns for example `M1 1h2v1h-2z`; empty where no pixel carries the label
 */
export function outlinePath(picture: LabelPicture, label: number): string {
  const edges = borderEdges(picture, label);
  const stride = picture.width + 1;
  const loops: string[] = [];
  for (let start = 0; start < edges.length; start++) {
    while (edges[start] !== 0) loops.push(takeLoop(edges, stride, start));
  }
  return loops.join("");
}

/** For each corner of a pixel, a bit for each border edge that leaves it. */
function borderEdges({ width, height, values }: LabelPicture, label: number): Uint8Array {
  const stride = width + 1;
  const edges = new Uint8Array(stride * (height + 1));
  const inside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && values[x + y * width] === label;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[x + y * width] !== label) continue;
      const corner = x + y * stride;
      if (!inside(x, y - 1)) addEdge(edges, corner, RIGHT);
      if (!inside(x + 1, y)) addEdge(edges, corner + 1, DOWN);
      if (!inside(x, y + 1)) addEdge(edges, corner + stride + 1, LEFT);
      if (!inside(x - 1, y)) addEdge(edges, corner + stride, LEFT + 1);
    }
  }
  return edges;
}

function addEdge(edges: Uint8Array, corner: number, direction: number): void {
  edges[corner] = (edges[corner] as number) | (1 << direction);
}

/** Follows edges from `start` until it is met again, and takes them away. */
function takeLoop(edges: Uint8Array, stride: number, start: number): string {
  const steps = [1, stride, -1, -stride] as const;
  const runs: { readonly direction: number; length: number }[] = [];
  let corner = start;
  let direction = RIGHT;
  do {
    direction = nextDirection(edges[corner] as number, direction);
    edges[corner] = (edges[corner] as number) & ~(1 << direction);
    const run = runs.at(-1);
    if (run?.direction === direction) run.length += 1;
    else runs.push({ direction, length: 1 });
    corner += steps[direction] as number;
  } while (corner !== start);
  const first = `M${start % stride} ${Math.floor(start / stride)}`;
  // The last run is drawn by closing the path.
  return `${first}${runs.slice(0, -1).map(runText).join("")}z`;
}

/** Where two pixels touch at a corner only, the sharpest right turn stays on the border of the same pixel. */
function nextDirection(bits: number, direction: number): number {
  for (const turn of [1, 0, DIRECTIONS - 1]) {
    const turned = (direction + turn) % DIRECTIONS;
    if ((bits & (1 << turned)) !== 0) return turned;
  }
  return (direction + 2) % DIRECTIONS;
}

function runText({ direction, length }: { readonly direction: number; readonly length: number }): string {
  const along = direction === RIGHT || direction === LEFT ? "h" : "v";
  return `${along}${direction === RIGHT || direction === DOWN ? length : -length}`;
}
