/** What a TypeScript user imports: every room but the command line and `bench`. The rooms' own faces stay reachable as `@multirnet/ROOM`. */
export * from "@multirnet/artifacts";
export * from "@multirnet/base";
export * from "@multirnet/base/node";
export * from "@multirnet/engine";
export * from "@multirnet/evaluation";
export * from "@multirnet/imaging";
export * from "@multirnet/imaging/node";
export * from "@multirnet/inference";
export * from "@multirnet/learning";
export * from "@multirnet/networks";
export * from "@multirnet/report";
