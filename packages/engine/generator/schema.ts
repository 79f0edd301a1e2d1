/** One argument of an operator, as libtorch's schema gives it. */
export interface SchemaArgument {
  readonly name: string;
  readonly type: string; // without alias marks, SymInt written as int
  readonly default: string | undefined;
}

export interface Schema {
  readonly name: string; // add.Tensor, without aten::
  readonly args: readonly SchemaArgument[];
  readonly returns: readonly string[];
}

/** Reads one line such as `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. */
export function parseSchema(line: string): Schema {
  const match = /^aten::([^(]+)\((.*)\) -> (.*)$/.exec(line);
  if (match === null) throw new Error(`not a schema: ${line}`);
  const [, name = "", args = "", returns = ""] = match;
  return {
    name,
    args: splitTop(args)
      .filter((part) => part !== "*" && part !== "")
      .map(parseArgument),
    returns: splitTop(returns.replace(/^\((.*)\)$/, "$1"))
      .filter((part) => part !== "")
      .map((part) => plainType(part.replace(/ \w+$/, ""))),
  };
}

function parseArgument(text: string): SchemaArgument {
  const match = /^(.+?) (\w+)(?:=(.*))?$/.exec(text);
  if (match === null) throw new Error(`not an argument: ${text}`);
  const [, type = "", name = "", value] = match;
  return { name, type: plainType(type), default: value };
}

/** `Tensor(a!)[]` → `Tensor[]`, `SymInt[3]` → `int[3]`. */
function plainType(type: string): string {
  return type.replaceAll(/\([a-z!|> *-]+\)/g, "").replaceAll("SymInt", "int");
}

/** Splits at commas outside brackets. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const character of text) {
    if ("([".includes(character)) depth++;
    if (")]".includes(character)) depth--;
    if (character === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
    } else {
      part += character;
    }
  }
  return [...parts, part.trim()];
}
