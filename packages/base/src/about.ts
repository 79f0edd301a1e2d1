/** The version of all rooms together. */
export const VERSION = "0.1.0";

/** Stands in every finding, report and model card. */
export const NOTICE = "Research software, not a medical device: not for diagnosis or treatment.";
