/** What a diagnosis is called in the paper's three classes, in its order. A dataset may hold others, if its config names them. */
export const DIAGNOSES = ["covid-19", "cap", "normal"] as const;
export type Diagnosis = (typeof DIAGNOSES)[number];
