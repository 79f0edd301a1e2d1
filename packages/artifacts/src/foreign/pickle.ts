/**
 * A machine for Python's pickles that runs nothing: it knows lists, dictionaries, tuples, texts and numbers, and the few names that the caller
 * gives it. Every other name is refused before anything is made of it. Python's `Lib/pickletools.py` describes the instructions; protocols 0 to 4
 * as far as `torch.save` writes them.
 */

/** What a pickle may name: given its arguments, a value. Nothing of it is Python. */
export type PickleGlobals = ReadonlyMap<string, (...args: readonly unknown[]) => unknown>;

export interface PickleOptions {
  /** By `module name`, as `collections OrderedDict`. */
  readonly globals: PickleGlobals;
  /** What a persistent id stands for: what lies outside the pickle. */
  readonly persistent: (id: unknown) => unknown;
}

/** A pickle that cannot be read on, and where. */
export class PickleFault extends Error {
  readonly at: number;
  readonly forbidden: string | undefined; // the name that is not known

  constructor(message: string, at: number, forbidden?: string) {
    super(message);
    this.at = at;
    this.forbidden = forbidden;
  }
}

const MARK = Symbol("mark");

/**
 * Reads one pickle.
 *
 * @param start where it begins
 * @returns its value, and where the next byte after it is
 * @throws PickleFault
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  { globals, persistent }: PickleOptions,
): { readonly value: unknown; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let at = start;

  const fail = (because: string): never => {
    throw new PickleFault(because, at);
  };
  const take = (count: number): Uint8Array => {
    if (count < 0 || at + count > bytes.length) fail("it was cut short");
    at += count;
    return bytes.subarray(at - count, at);
  };
  const number = (count: 1 | 2 | 4): number => {
    const part = take(count);
    return part.reduce((sum, byte, index) => sum + byte * 2 ** (8 * index), 0);
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) fail("it was cut short");
    const text = utf8(bytes.subarray(at, end));
    at = end + 1;
    return text;
  };
  const pop = (): unknown => (stack.length === 0 ? fail("its stack is empty") : stack.pop());
  const top = (): unknown => (stack.length === 0 ? fail("its stack is empty") : stack.at(-1));
  const popMark = (): unknown[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) fail("it has no mark to go back to");
    const items = stack.splice(mark);
    return items.slice(1);
  };
  const recall = (key: number): void => {
    if (!memo.has(key)) fail(`it recalls ${String(key)}, which it never stored`);
    stack.push(memo.get(key));
  };
  const named = (module: string, name: string): void => {
    const known = globals.get(`${module} ${name}`);
    if (known === undefined) throw new PickleFault(`it names ${module}.${name}`, at, `${module}.${name}`);
    stack.push(known);
  };
  const reduce = (): void => {
    const args = pop();
    const callable = pop();
    if (typeof callable !== "function" || !Array.isArray(args)) return fail("it calls what is no known name");
    stack.push((callable as (...args: readonly unknown[]) => unknown)(...(args as unknown[])));
  };
  const setItems = (items: readonly unknown[]): void => {
    const dict = top();
    if (!(dict instanceof Map)) return fail("it fills what is no dictionary");
    if (items.length % 2 !== 0) return fail("a dictionary has a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  };
  const append = (items: readonly unknown[]): void => {
    const list = top();
    if (!Array.isArray(list)) return fail("it fills what is no list");
    list.push(...items);
  };

  const instructions: Readonly<Record<string, () => void>> = {
    "\x80": () => void number(1), // PROTO
    "\x95": () => void take(8), // FRAME
    "(": () => void stack.push(MARK),
    "0": () => void pop(),
    "1": () => void popMark(),
    "2": () => void stack.push(top()),
    // texts, bytes and numbers
    X: () => void stack.push(utf8(take(number(4)))),
    "\x8c": () => void stack.push(utf8(take(number(1)))),
    V: () => void stack.push(line()),
    U: () => void stack.push(utf8(take(number(1)))),
    T: () => void stack.push(utf8(take(number(4)))),
    B: () => void stack.push(take(number(4))),
    C: () => void stack.push(take(number(1))),
    J: () => void stack.push(number(4) | 0),
    K: () => void stack.push(number(1)),
    M: () => void stack.push(number(2)),
    I: () => {
      const text = line();
      stack.push(text === "01" ? true : text === "00" ? false : Number(text));
    },
    L: () => void stack.push(Number(line().replace(/L$/, ""))),
    F: () => void stack.push(Number(line())),
    G: () => {
      take(8);
      stack.push(view.getFloat64(at - 8, false));
    },
    "\x8a": () => void stack.push(long(take(number(1)))),
    "\x8b": () => void stack.push(long(take(number(4)))),
    N: () => void stack.push(null),
    "\x88": () => void stack.push(true),
    "\x89": () => void stack.push(false),
    // tuples, lists, dictionaries
    ")": () => void stack.push([]),
    t: () => void stack.push(popMark()),
    "\x85": () => void stack.push([pop()]),
    "\x86": () => {
      const second = pop();
      stack.push([pop(), second]);
    },
    "\x87": () => {
      const third = pop();
      const second = pop();
      stack.push([pop(), second, third]);
    },
    "]": () => void stack.push([]),
    l: () => void stack.push(popMark()),
    a: () => {
      const item = pop();
      append([item]);
    },
    e: () => {
      const items = popMark();
      append(items);
    },
    "}": () => void stack.push(new Map()),
    d: () => {
      const items = popMark();
      stack.push(new Map());
      setItems(items);
    },
    s: () => {
      const value = pop();
      const key = pop();
      setItems([key, value]);
    },
    u: () => {
      const items = popMark();
      setItems(items);
    },
    // what was stored before
    q: () => void memo.set(number(1), top()),
    r: () => void memo.set(number(4), top()),
    p: () => void memo.set(Number(line()), top()),
    "\x94": () => void memo.set(memo.size, top()),
    h: () => {
      recall(number(1));
    },
    j: () => {
      recall(number(4));
    },
    g: () => {
      recall(Number(line()));
    },
    // names and what is made of them
    c: () => {
      const module = line();
      named(module, line());
    },
    "\x93": () => {
      const name = pop();
      const module = pop();
      named(String(module), String(name));
    },
    R: reduce,
    "\x81": reduce, // NEWOBJ: a class with its arguments
    b: () => void pop(), // BUILD: attributes of an object, such as the _metadata of a state dict; nothing here needs them
    Q: () => void stack.push(persistent(pop())),
  };

  for (;;) {
    const code = String.fromCharCode(number(1));
    if (code === ".") return { value: pop(), end: at };
    const run = instructions[code];
    if (run === undefined) fail(`it has the unknown instruction 0x${code.charCodeAt(0).toString(16)}`);
    else run();
  }
}

/** A whole number of any length, least byte first; as a bigint where a number would lose digits. */
function long(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const [index, byte] of bytes.entries()) value += BigInt(byte) << BigInt(8 * index);
  if (((bytes.at(-1) ?? 0) & 0x80) !== 0) value -= 1n << BigInt(8 * bytes.length);
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
