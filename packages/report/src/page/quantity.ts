import { isNotGiven, type NotGiven } from "@multirnet/base";

import { html, type Html } from "./html.js";

/** Three significant digits, whole numbers from 100 on, grouped from 10 000 on: 12 345, 1234, 56.8, 5.68, 0.568. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 99.95) return countText(Math.round(value));
  if (size >= 9.995) return value.toFixed(1);
  return value === 0 ? "0" : value.toFixed(size >= 0.9995 ? 2 : 3);
}

/** A whole number, its thousands apart by a narrow space where it has five digits or more. */
export function countText(count: number): string {
  const digits = String(count);
  return Math.abs(count) < 10_000 ? digits : digits.replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Whole percent; what is neither nothing nor all is never written as if it were. */
export function percentText(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return "< 1 %";
  if (percent < 100 && percent > 99) return "> 99 %";
  return `${Math.round(percent)} %`;
}

/** @returns a number with its unit, or the reason for its absence */
export function quantity(value: number | string | NotGiven, unit?: string): Html {
  if (isNotGiven(value)) return html`not given: ${value.undefined}`;
  const text = typeof value === "number" ? numberText(value) : value;
  return unit === undefined ? html`${text}` : html`${text} <span class="unit">${unit}</span>`;
}
