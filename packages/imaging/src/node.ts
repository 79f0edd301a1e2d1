/** What needs Node: files. */
export {};
