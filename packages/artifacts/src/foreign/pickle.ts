/**
 * A machine for Python's pickles that runs nothing: it knows lists, dictionaries, tuples, texts and numbers, and the few names that the caller
 * gives it. Every other name is refused before anything is made of it. Python's `Lib/pickletools.py` describes the instructions; protocols 0 to 4
 * as far as `torch.save` writes them.
 *
 * A value may be as deep as the file is long, hold itself, or hold one part so often that to walk all of it would not end. So the machine does not
 * recurse, and who takes its values must not walk them.
 */
import { shown } from "../shown.js";
import { describe } from "./described.js";

/** Ends the reading with the reason, which follows "at byte 7 of its pickle". */
export type Refuse = (because: string) => never;

/** What a pickle may name: given its arguments, a value. Nothing of it is Python. */
export type PickleGlobal = (args: readonly unknown[], refuse: Refuse) => unknown;

export interface PickleOptions {
  /** By `module name`, as `collections OrderedDict`. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for: what lies outside the pickle. */
  readonly persistent: (id: unknown, refuse: Refuse) => unknown;
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

/** A step is an instruction, an argument of a call, or an item of a list among them. A tensor takes about thirty, so these make 60,000 tensors. */
const MOST_STEPS = 2_000_000;
const MOST_TEXT_BYTES = 16 * 2 ** 20;
const MOST_NUMBER_BYTES = 256;
const MOST_DIGITS = 300; // of a number that is written out
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

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
  const memo = new Map<number | bigint, unknown>();
  let at = start;
  let steps = 0;

  const fail: Refuse = (because) => {
    throw new PickleFault(because, at);
  };
  const spend = (count: number): void => {
    steps += count;
    if (steps > MOST_STEPS) fail(`it has taken ${String(MOST_STEPS)} steps, far more than any state dict takes`);
  };
  const skip = (count: number): void => {
    if (at + count > bytes.length) fail("it was cut short");
    at += count;
  };
  const take = (count: number): Uint8Array => {
    skip(count);
    return bytes.subarray(at - count, at);
  };
  const number = (count: 1 | 2 | 4): number => {
    skip(count);
    let value = 0;
    for (let back = 1; back <= count; back++) value = value * 256 + (bytes[at - back] ?? 0);
    return value;
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) fail("it was cut short");
    const text = take(end - at);
    at += 1;
    return utf8(text);
  };
  const utf8 = (text: Uint8Array): string => {
    if (text.length > MOST_TEXT_BYTES)
      fail(`a text has ${String(text.length)} bytes; expected ${String(MOST_TEXT_BYTES)} at most`);
    return UTF8.decode(text);
  };
  const long = (digits: Uint8Array): number | bigint => {
    if (digits.length > MOST_NUMBER_BYTES)
      fail(`a number has ${String(digits.length)} bytes; expected ${String(MOST_NUMBER_BYTES)} at most`);
    return exact(wholeOf(digits));
  };
  const writtenWhole = (): number | bigint => {
    const text = line();
    if (text.length > MOST_DIGITS || !/^-?[0-9]+L?$/.test(text)) fail(`a whole number is written ${shown(text)}`);
    return exact(BigInt(text.replace("L", "")));
  };
  const writtenNumber = (): number => {
    const text = line();
    const value = Number(text.replace("inf", "Infinity")); // as Python writes it
    if (text === "" || (Number.isNaN(value) && text !== "nan")) fail(`a number is written ${shown(text)}`);
    return value;
  };
  const top = (): unknown => {
    if (stack.length === 0) fail("its stack is empty");
    const value = stack.at(-1);
    return value === MARK ? fail("it takes a mark for a value") : value;
  };
  const pop = (): unknown => {
    const value = top();
    stack.pop();
    return value;
  };
  const popMark = (): unknown[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) fail("it has no mark to go back to");
    const items = stack.splice(mark);
    return items.slice(1);
  };
  const recall = (key: number | bigint): void => {
    if (!memo.has(key)) fail(`it recalls ${describe(key)}, which it never stored`);
    stack.push(memo.get(key));
  };
  const named = (module: string, name: string): void => {
    const known = globals.get(`${module} ${name}`);
    if (known === undefined) {
      const forbidden = shown(`${module}.${name}`);
      throw new PickleFault(`it names ${forbidden}`, at, forbidden);
    }
    stack.push(known);
  };
  const reduce = (): void => {
    const args = pop();
    const callable = pop();
    if (typeof callable !== "function" || !Array.isArray(args)) return fail("it calls what is no known name");
    spend(args.length);
    for (const arg of args as readonly unknown[]) if (Array.isArray(arg)) spend(arg.length);
    stack.push((callable as PickleGlobal)(args, fail));
  };
  const setItems = (items: readonly unknown[]): void => {
    const dict = top();
    if (!(dict instanceof Map)) return fail("it fills what is no dictionary");
    if (items.length % 2 !== 0) return fail("a dictionary has a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      if (dict.has(items[i])) fail(`a dictionary has the key ${describe(items[i])} twice`);
      dict.set(items[i], items[i + 1]);
    }
  };
  const append = (items: readonly unknown[]): void => {
    const list = top();
    if (!Array.isArray(list)) return fail("it fills what is no list");
    for (const item of items) list.push(item); // to spread a long list would overflow the stack
  };

  const instructions: Readonly<Record<string, () => void>> = {
    "\x80": () => void number(1), // PROTO
    "\x95": () => skip(8), // FRAME: how much to read at once, which is of no use here
    "(": () => void stack.push(MARK),
    "0": () => {
      if (stack.length === 0) fail("its stack is empty");
      stack.pop(); // a mark too
    },
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
    I: () => void stack.push(writtenWhole()),
    L: () => void stack.push(writtenWhole()),
    F: () => void stack.push(writtenNumber()),
    G: () => {
      skip(8);
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
    p: () => void memo.set(writtenWhole(), top()),
    "\x94": () => void memo.set(memo.size, top()),
    h: () => {
      recall(number(1));
    },
    j: () => {
      recall(number(4));
    },
    g: () => {
      recall(writtenWhole());
    },
    // names and what is made of them
    c: () => {
      const module = line();
      named(module, line());
    },
    "\x93": () => {
      const name = pop();
      const module = pop();
      if (typeof module !== "string" || typeof name !== "string") return fail("it names what is no text");
      named(module, name);
    },
    R: reduce,
    "\x81": reduce, // NEWOBJ: a class with its arguments
    b: () => void pop(), // BUILD: attributes of an object, such as the _metadata of a state dict; nothing here needs them
    Q: () => void stack.push(persistent(pop(), fail)),
  };

  for (;;) {
    spend(1);
    const code = String.fromCharCode(number(1));
    if (code === ".") return { value: pop(), end: at };
    const run = instructions[code];
    if (run === undefined) fail(`it has the unknown instruction 0x${code.charCodeAt(0).toString(16)}`);
    else run();
  }
}

/** A whole number, least byte first and the sign in the last. */
function wholeOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const [index, byte] of bytes.entries()) value += BigInt(byte) << BigInt(8 * index);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** A bigint only where a number would lose digits. */
function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
