/** Words inside of drawings: cut where they would not fit. */

/** Mean width of a letter at the chart's text size, pixels. */
const LETTER_PX = 6.3;

/** As much of a text as fits into a width; '' when not even two letters do. */
export function fitted(text: string, widthPx: number): string {
  const letters = Math.floor(widthPx / LETTER_PX);
  if (text.length <= letters) return text;
  return letters < 3 ? '' : `${text.slice(0, letters - 1)}…`;
}
