const WIDTH = 24;
const LINE_EVERY_MS = 10_000; // without a terminal, a log gets a line this often

/** Where a bar is drawn: a terminal, or anything that takes lines. */
interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A bar with the share done and the time left; without a terminal, plain lines now and then. */
export class ProgressBar {
  readonly #screen: Screen;
  readonly #now: () => number;
  #start: { readonly time: number; readonly done: number } | undefined;
  #of = 0;
  #lineAt = -Infinity;
  #drawn = false;

  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
  }

  /** Draws the bar. A new total, or less done than before, starts the clock anew. */
  show(done: number, of: number, what: string): void {
    const time = this.#now();
    if (this.#start === undefined || of !== this.#of || done < this.#start.done) this.#start = { time, done };
    this.#of = of;
    const text = `${this.#bar(done, of)} ${String(done)}/${String(of)} ${what}${this.#left(done, of, time)}`;
    if (this.#screen.isTTY === true) {
      this.#screen.write(`\r\x1b[2K${text}${done === of ? "\n" : ""}`);
      this.#drawn = done !== of;
    } else if (done === of || time - this.#lineAt >= LINE_EVERY_MS) {
      this.#screen.write(`${text}\n`);
      this.#lineAt = time;
    }
  }

  /** Takes the bar off the line, so that something else can be written there. */
  clear(): void {
    if (this.#drawn) this.#screen.write("\r\x1b[2K");
    this.#drawn = false;
  }

  #bar(done: number, of: number): string {
    const full = of === 0 ? WIDTH : Math.round((WIDTH * done) / of);
    return `[${"=".repeat(full)}${" ".repeat(WIDTH - full)}]`;
  }

  #left(done: number, of: number, time: number): string {
    const { time: since, done: before } = this.#start ?? { time, done };
    if (done <= before || done >= of) return "";
    return `, ${duration(((time - since) / (done - before)) * (of - done))} left`;
  }
}

/** @returns `45 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${String(seconds)} s`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}
