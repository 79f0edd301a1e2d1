import { expect, test } from "vitest";

import { formatDescription, parseDescription } from "./description.js";

test("nnU-Net's second version: labels by name, the background left out", () => {
  const text = JSON.stringify({
    name: "Lungs",
    channel_names: { "0": "CT" },
    labels: { background: 0, consolidation: 2, "ground-glass": 1 },
    numTraining: 3,
    file_ending: ".nii",
  });
  expect(parseDescription(text, "dataset.json")).toEqual({
    name: "Lungs",
    labels: { consolidation: 2, "ground-glass": 1 },
    fileEnding: ".nii",
  });
});

test("nnU-Net's first version: labels by value, .nii.gz always", () => {
  const text = JSON.stringify({ modality: { "0": "CT" }, labels: { "0": "background", "3": "lesion" } });
  expect(parseDescription(text, "dataset.json")).toEqual({
    name: undefined,
    labels: { lesion: 3 },
    fileEnding: ".nii.gz",
  });
});

test.each([
  ["", "dataset.json is no JSON object: it is empty"],
  ["[1, 2]", "dataset.json is no JSON object: it begins with [1, 2]"],
  ["{ labels: }", "dataset.json is no JSON object: it begins with { labels: }"],
  [
    "{}",
    'dataset.json: labels must be an object from names to whole numbers, such as {"background": 0, "lesion": 1}, got nothing',
  ],
  ['{"name": 3, "labels": {}}', "dataset.json: name must be a text, got 3"],
  ['{"labels": {"lesion": "1"}}', 'dataset.json: labels.lesion must be a whole number from 0 to 255, got "1"'],
  ['{"labels": {"lesion": 256}}', "dataset.json: labels.lesion must be a whole number from 0 to 255, got 256"],
  ['{"labels": {"lesion": 0}}', "dataset.json: labels.lesion must be above 0, which is the background, got 0"],
  ['{"labels": {"background": 1}}', "dataset.json: labels.background must be 0, got 1"],
  [
    '{"labels": {"whole": [1, 2]}}',
    "dataset.json: labels.whole must be one whole number; region-based labels are not read, got [1,2]",
  ],
  ['{"labels": {"ignore": 3}}', "dataset.json: labels.ignore must be left out; an ignore label is not read, got 3"],
  ['{"labels": {"a": 1, "b": 1}}', "dataset.json: labels.b must be another number than labels.a, got 1"],
  [
    '{"labels": {}, "file_ending": "nii"}',
    'dataset.json: file_ending must be an ending with its dot, such as .nii.gz, got "nii"',
  ],
  [
    '{"labels": {}, "channel_names": ["CT"]}',
    'dataset.json: channel_names must be an object such as {"0": "CT"}, got ["CT"]',
  ],
  [
    '{"labels": {}, "channel_names": {"0": "CT", "1": "PET"}}',
    "dataset.json names 2 image channels (CT, PET); expected one, the CT",
  ],
])("what is wrong with %s is said", (text, message) => {
  expect(() => parseDescription(text, "dataset.json")).toThrow(expect.objectContaining({ message }));
});

test("what is written is read back", () => {
  const description = { name: "x", labels: { lesion: 1 }, fileEnding: ".nii.gz" };
  expect(parseDescription(formatDescription(description, { training: 2 }), "dataset.json")).toEqual(description);
});
