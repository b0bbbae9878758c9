// The examples of a Markdown file: its fenced blocks, and the commands and answers of a transcript. Pure.

export interface CodeBlock {
  /** What stands behind the opening fence. */
  readonly language: string;
  /** The heading above it. */
  readonly section: string;
  readonly line: number;
  readonly text: string;
}

export interface Command {
  /** As it is typed, without the comment behind it. */
  readonly typed: string;
  /** What a transcript shows below it; '' in a block of commands alone. */
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

/** One command a line, as whoever copies the block runs them one after the other. */
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

/** The single words of code that stand in a text. */
export function inlineCode(markdown: string): string[] {
  const prose = markdown.replace(FENCE, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}

function bare(line: string): string {
  return line.replace(/\s+# .*$/, '').trim();
}
