/**
 * The regularised incomplete beta function I_x(a, b), the distribution function of Beta(a, b), for a, b > 0: the continued
 * fraction 26.5.8 of Abramowitz and Stegun, evaluated by Lentz's method, on the side where it converges fast.
 *
 * @returns a share in [0, 1]; relative error below 1e-12 up to a thousand cases
 */
export function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  return front * continuedFraction(x, a, b);
}

/** @returns the x with I_x(a, b) = share, by bisection */
export function betaQuantile(share: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (betaShare(middle, a, b) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * @param degrees of freedom, above 0
 * @returns the t above 0 with P(|T| ≤ t) = confidence for Student's distribution, from I_x(degrees/2, ½) at
 *   x = degrees / (degrees + t²)
 */
export function studentQuantile(confidence: number, degrees: number): number {
  const x = betaQuantile(1 - confidence, degrees / 2, 0.5);
  return Math.sqrt(degrees * (1 / x - 1));
}

function continuedFraction(x: number, a: number, b: number): number {
  const nearZero = 1e-300;
  let upper = 1;
  let lower = 1 / avoidZero(1 - ((a + b) * x) / (a + 1), nearZero);
  let value = lower;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    lower = 1 / avoidZero(1 + even * lower, nearZero);
    upper = avoidZero(1 + even / upper, nearZero);
    value *= lower * upper;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    lower = 1 / avoidZero(1 + odd * lower, nearZero);
    upper = avoidZero(1 + odd / upper, nearZero);
    value *= lower * upper;
    if (Math.abs(lower * upper - 1) < 1e-16) break;
  }
  return value;
}

function avoidZero(value: number, nearZero: number): number {
  return Math.abs(value) < nearZero ? nearZero : value;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series (Abramowitz and Stegun 6.1.40) after shifting the argument above 10 by Γ(x + 1) = x·Γ(x). */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 10; at++) shift += Math.log(at);
  const inverse = 1 / at;
  const square = inverse * inverse;
  const series =
    inverse *
    (1 / 12 -
      square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - (square * 691) / 360360)))));
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}
