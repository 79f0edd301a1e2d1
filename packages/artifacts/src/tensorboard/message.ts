/** The few forms of Protocol Buffers that an event needs (protobuf.dev/programming-guides/encoding). */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** A message as the fields that it has, one after another. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

export function doubleField(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(number, FIXED64), bytes]);
}

export function floatField(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(number, FIXED32), bytes]);
}

/** @param value whole, 0 or more */
export function wholeField(number: number, value: number): Uint8Array {
  return Buffer.concat([tag(number, VARINT), varint(value)]);
}

export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([tag(number, LENGTH), varint(value.length), value]);
}

export function textField(number: number, value: string): Uint8Array {
  return bytesField(number, Buffer.from(value));
}

function tag(number: number, type: number): Uint8Array {
  return varint(number * 8 + type);
}

/** Seven bits a byte, the least first; not by bit operations, which end at 32. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.of(...bytes, rest);
}
