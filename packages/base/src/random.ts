/** What a generator may be keyed by: numbers and words, told apart (1 is not "1"). */
export type SeedKey = number | string;

/**
 * A seeded stream of random numbers, keyed by what it is for: `new RandomSource(seed, "crop", epoch, caseName)`. Two sources
 * with the same keys give the same numbers in any order of use and on any worker; no state is shared between sources.
 *
 * sfc32 (Doty-Humphrey, PractRand) seeded by the 128-bit cyrb hash of the keys. Not for cryptography.
 */
export class RandomSource {
  readonly keys: readonly SeedKey[]; // what it is for
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(...keys: readonly SeedKey[]) {
    this.keys = keys;
    [this.#a, this.#b, this.#c, this.#counter] = hash128(JSON.stringify(keys));
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A source of its own for one purpose; what is drawn from it does not move this one. */
  derive(...keys: readonly SeedKey[]): RandomSource {
    return new RandomSource(...this.keys, ...keys);
  }

  /** @returns a whole number in [0, 2³²) */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** @returns a number in [0, 1) with 53 random bits */
  uniform(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000;
  }

  /** @returns a number in [low, high) */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** @returns a whole number in [0, count); `count` at least 1 */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** @returns true with probability `probability` */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** @returns a standard normal number (Box and Muller 1958; the second of the pair is not kept) */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** @returns an index drawn with probability proportional to its weight; at least one weight is above 0 */
  weighted(weights: readonly number[]): number {
    let left = this.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return index;
    }
    return weights.findLastIndex((weight) => weight > 0);
  }

  /** @returns the items in a random order (Fisher and Yates); the given list is left alone */
  shuffled<T>(items: readonly T[]): T[] {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [order[last], order[other]] = [order[other] as T, order[last] as T];
    }
    return order;
  }
}

/** cyrb128: four 32-bit words from a text, by bryc (public domain). */
function hash128(text: string): [number, number, number, number] {
  let h1 = 1779033703;
  let h2 = 3144134277;
  let h3 = 1013904242;
  let h4 = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  h1 ^= h2 ^ h3 ^ h4;
  return [h1 | 0, (h2 ^ h1) | 0, (h3 ^ h1) | 0, (h4 ^ h1) | 0];
}
