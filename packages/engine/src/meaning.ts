import type { Tensor } from "./generated/tensor.js";

declare const means: unique symbol;

/** What the numbers of a tensor mean, so that a loss cannot be given the wrong one. */
export type Logits = Tensor & { readonly [means]: "logits" }; // any real number
export type Probabilities = Tensor & { readonly [means]: "probabilities" }; // [0, 1]
export type Mask = Tensor & { readonly [means]: "mask" }; // 0 or 1

export const asLogits = (tensor: Tensor): Logits => tensor as Logits;
export const asProbabilities = (tensor: Tensor): Probabilities => tensor as Probabilities;
export const asMask = (tensor: Tensor): Mask => tensor as Mask;

/** @returns σ(logits) */
export const probabilitiesOf = (logits: Logits): Probabilities => asProbabilities(logits.sigmoid());
