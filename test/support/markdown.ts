// Reads the examples of a Markdown file: its fenced blocks, and the commands and responses of a transcript. Pure.

export interface CodeBlock {
  /** The text after the opening fence. */
  readonly language: string;
  /** The heading above it. */
  readonly section: string;
  readonly line: number;
  readonly text: string;
}

export interface Command {
  /** The command without its trailing comment. */
  readonly typed: string;
  /** The output that the transcript shows; '' in a block of commands only. */
  readonly printed: string;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;
const PROMPT = '$ ';

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(FENCE)].map(({ 1: language = '', 2: text = '', index }) => {
    const before = markdown.slice(0, index);
    // A comment of a shell or of Python looks like a heading.
    const headings = before.replace(FENCE, '').match(/^#+ .*$/gm) ?? [];
    return {
      language,
      section: (headings.at(-1) ?? '').replace(/^#+ /, ''),
      line: before.split('\n').length,
      text,
    };
  });
}

/** Returns one command per line, in the order in which a reader runs them. */
export function commandsOf({ language, text }: CodeBlock): Command[] {
  const lines = text.trimEnd().split('\n');
  if (language !== 'console')
    return lines.filter((line) => line !== '').map((line) => ({ typed: bare(line), printed: '' }));
  const starts = lines.flatMap((line, at) => (line.startsWith(PROMPT) ? [at] : []));
  return starts.map((start, nth) => ({
    typed: bare((lines[start] ?? '').slice(PROMPT.length)),
    printed: lines.slice(start + 1, starts[nth + 1]).join('\n'),
  }));
}

/** Returns the single words of inline code in a text. */
export function inlineCode(markdown: string): string[] {
  const prose = markdown.replace(FENCE, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}

function bare(line: string): string {
  return line.replace(/\s+# .*$/, '').trim();
}
